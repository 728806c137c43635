//go:build linux

package publish

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/testenv"
)

// TestMounts publishes to file systems of other kinds than a test's own.
func TestMounts(t *testing.T) {
	if !testenv.Namespace(t) {
		return
	}
	t.Run("tmpfs", func(t *testing.T) {
		sc := newScene(fastBench(t), 12)
		testenv.Mount(t, "tmpfs", sc.dest, "tmpfs", 0, "")
		sc.crashAnywhere(t, "entries", sc.set, 7)
	})
	t.Run("bind", func(t *testing.T) {
		sc := newScene(fastBench(t), 12)
		elsewhere := filepath.Join(fastBench(t).source, "served")
		if err := os.MkdirAll(elsewhere, 0o755); err != nil {
			t.Fatal(err)
		}
		testenv.Mount(t, elsewhere, sc.dest, "", syscall.MS_BIND, "")
		sc.set(t)
		s := sc.open(t)
		sc.b.write(t, s.Staging())
		res, err := s.Commit(t.Context(), sc.b.files())
		if err != nil || res.Method != "entries" || len(res.Warnings) > 0 {
			t.Errorf("%v %+v", err, res)
		}
		sc.whole(t)
	})
	t.Run("overlay", testOverlay)
	t.Run("full", testFull)
	t.Run("readonly", testReadOnly)
	t.Run("gitmount", testGitMount)
}

// testOverlay publishes over a site in the lower layer of an overlay, as in a
// container whose image holds one: its directories cannot be renamed.
func testOverlay(t *testing.T) {
	top := t.TempDir()
	testenv.Mount(t, "tmpfs", top, "tmpfs", 0, "")
	at := func(name string) string { return filepath.Join(top, name) }
	lower := newScene(bench{at("lower"), at("lower/public")}, 12)
	sc := newScene(bench{at("merged"), at("merged/public")}, 12)
	for _, d := range []string{"lower", "merged"} {
		if err := os.Mkdir(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lower.set(t)
	n := 0
	set := func(t *testing.T) {
		_ = syscall.Unmount(at("merged"), syscall.MNT_DETACH)
		n++
		upper, work := at(fmt.Sprint("upper", n)), at(fmt.Sprint("work", n))
		if err := errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755)); err != nil {
			t.Fatal(err)
		}
		err := syscall.Mount("overlay", at("merged"), "overlay", 0,
			fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=off", at("lower"), upper, work))
		if err != nil {
			testenv.Lacks(t, testenv.System, "no overlay can be mounted: %v", err)
		}
	}
	t.Cleanup(func() { _ = syscall.Unmount(at("merged"), syscall.MNT_DETACH) })

	set(t)
	s := sc.open(t)
	sc.b.write(t, s.Staging())
	res, err := s.Commit(t.Context(), sc.b.files())
	if err != nil || len(res.Warnings) > 0 {
		t.Fatalf("%v %+v", err, res)
	}
	t.Logf("in an overlay by %s", res.Method)
	if diff := cmp.Diff(sc.new(), read(t, sc.dest)); diff != "" {
		t.Error(diff)
	}
	s.Close()

	for n, at := 0, "first"; at != ""; n++ {
		set(t)
		if at = crashAt(n, func() { sc.commit(t) }); at == "" {
			t.Logf("%d steps", n)
		}
		again := crashAt(n%7, func() { sc.open(t).Close() })
		if again != "" {
			sc.open(t).Close()
		}
		got := read(t, sc.dest)
		if cmp.Diff(sc.old(), got) != "" && cmp.Diff(sc.new(), got) != "" {
			t.Fatalf("crash at %d (%s), then at %d (%s): neither old nor new: %s", n, at, n%7, again, cmp.Diff(sc.new(), got))
		}
	}
}

// testFull fills the disk: that of the staging directory, and that of a mounted
// destination alone.
func testFull(t *testing.T) {
	old, big := site{"index.html": "old"}, site{"big": strings.Repeat("x", 1<<20)}
	t.Run("staging", func(t *testing.T) {
		b := newBench(t)
		testenv.Mount(t, "tmpfs", b.source, "tmpfs", 0, "size=256k")
		b.publish(t, old)
		s := b.open(t)
		if err := os.WriteFile(filepath.Join(s.Staging(), "big"), []byte(big["big"]), 0o644); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("not full: %v", err)
		}
		fi, err := os.Stat(filepath.Join(s.Staging(), "big"))
		if err != nil {
			t.Fatal(err)
		}
		// What fits is published as far as the disk goes: the receipt does not fit.
		_, err = s.Commit(t.Context(), []File{{Path: "big", Size: fi.Size()}})
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v", err)
		}
		wantSite(t, b.dest, old.published())
		if _, err := s.KeepFailed([]byte("full")); err != nil {
			t.Log("keeping the failed build on a full disk:", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if exists(b.work()) {
			t.Error("staging is left")
		}
		wantSite(t, b.dest, old.published())
	})
	t.Run("destination", func(t *testing.T) {
		b := newBench(t)
		testenv.Mount(t, "tmpfs", b.dest, "tmpfs", 0, "size=256k")
		b.publish(t, old)
		s := b.open(t)
		big.write(t, s.Staging())
		if _, err := s.Commit(t.Context(), big.files()); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v", err)
		}
		wantSite(t, b.dest, old.published())
		if _, err := s.KeepFailed([]byte("full")); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		next := site{"index.html": "next"}
		b.publish(t, next)
		wantSite(t, b.dest, next.published())
	})
}

func testReadOnly(t *testing.T) {
	b := newBench(t)
	out := bench{b.source, filepath.Join(t.TempDir(), "out", "public")}
	top := filepath.Dir(out.dest)
	testenv.Mount(t, "tmpfs", top, "tmpfs", 0, "")
	out.publish(t, site{"x": "x"})
	if err := syscall.Mount("tmpfs", top, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), out.options())
	if de := new(DestinationError); !errors.As(err, &de) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("got %v", err)
	}
	t.Log(err)

	// A destination that alone is read-only is refused before a long build.
	testenv.Mount(t, "tmpfs", b.dest, "tmpfs", syscall.MS_RDONLY, "")
	_, err = Open(t.Context(), b.options())
	if de := new(DestinationError); !errors.As(err, &de) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("got %v", err)
	}
	if exists(b.work()) {
		t.Error("a work directory is left")
	}

	// A read-only source only costs the record.
	ro := bench{filepath.Join(t.TempDir(), "ro"), filepath.Join(t.TempDir(), "public")}
	testenv.Mount(t, "tmpfs", ro.source, "tmpfs", syscall.MS_RDONLY, "")
	st := site{"x": "x"}
	if res := ro.publish(t, st); len(res.Warnings) != 1 {
		t.Errorf("%+v", res)
	}
	wantSite(t, ro.dest, st.published())
}

// testGitMount: a .git that cannot be carried over sends the old site back.
func testGitMount(t *testing.T) {
	for _, method := range []string{"exchange", "aside"} {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			sc := newScene(newBench(t), 12)
			sc.set(t)
			testenv.Mount(t, "tmpfs", filepath.Join(sc.dest, ".git"), "tmpfs", 0, "")
			site{".git/HEAD": "mounted"}.write(t, sc.dest)
			before := read(t, sc.dest)
			s := sc.open(t)
			sc.b.write(t, s.Staging())
			_, err := s.Commit(t.Context(), sc.b.files())
			if err == nil {
				t.Error("a mounted .git was carried over")
			}
			t.Log(err)
			if _, err := s.KeepFailed(nil); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, read(t, sc.dest)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
