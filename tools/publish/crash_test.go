package publish

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crashed is what a step panics with to end a session as SIGKILL would: nothing
// is cleaned up, but the kernel drops the lock.
type crashed struct{ step string }

// crashAt makes the n-th step from now crash, counting from 0, runs f, and
// returns the step's name, or "" if f ended before it.
func crashAt(n int, f func()) (step string) {
	saved := seam.step
	var last *Session
	seam.step = func(s *Session, name string) error {
		last = s
		if n--; n < 0 {
			panic(crashed{name})
		}
		return nil
	}
	defer func() {
		seam.step = saved
		if c, ok := recover().(crashed); ok {
			step = c.step
			last.lock.f.Close()
		}
	}()
	f()
	return ""
}

// fastBench lies in memory where that is possible: each publish syncs three files.
func fastBench(t *testing.T) bench {
	if dir, err := os.MkdirTemp("/dev/shm", "duskpress"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return bench{dir, filepath.Join(dir, "public")}
	}
	return newBench(t)
}

// A scene is a destination with everything in it that can be lost: A as
// published, files changed by hand, foreign dot entries, one of them in the way
// of B.
type scene struct {
	bench
	a, b     site
	hand     site // what is added to or changed in A's part
	foreign  site // dot entries that neither site has
	contests site // dot entries that B has too
}

func newScene(b bench, n int) scene {
	sc := scene{bench: b, a: genSite("A", n), b: genSite("B", n)}
	sc.hand = site{"index.html": "by hand", "CNAME": "example.org"}
	sc.foreign = site{".git/HEAD": "ref", ".git/objects/01/23": "blob", ".DS_Store": "x"}
	sc.b[".well-known/x"] = "B's"
	sc.contests = site{".well-known/x": "certificate"}
	return sc
}

func (sc scene) set(t *testing.T) {
	t.Helper()
	list, err := os.ReadDir(sc.source)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		err := os.RemoveAll(filepath.Join(sc.source, d.Name()))
		if err != nil && !errors.Is(err, syscall.EBUSY) { // a mount point stays, empty
			t.Fatal(err)
		}
	}
	sc.publish(t, genSite("Z", len(sc.a))) // leaves its directories
	sc.publish(t, sc.a)
	sc.hand.write(t, sc.dest)
	sc.foreign.write(t, sc.dest)
	sc.contests.write(t, sc.dest)
}

func (sc scene) commit(t *testing.T) {
	s, err := Open(t.Context(), sc.options())
	if err != nil {
		t.Fatal(err)
	}
	s.Furnish()
	sc.b.write(t, s.Staging())
	if _, err := s.Commit(t.Context(), sc.b.files()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func merged(sites ...site) site {
	all := site{}
	for _, s := range sites {
		maps.Copy(all, s)
	}
	return all
}

func (sc scene) old() site { return merged(sc.a.published(), sc.hand, sc.contests, sc.foreign) }
func (sc scene) new() site { return merged(sc.b.published(), sc.foreign) }

// without returns s without the dot entries that a crash may delay.
func (sc scene) without(s site) site {
	s = maps.Clone(s)
	for path := range sc.foreign {
		delete(s, path)
	}
	if s[".well-known/x"] == sc.contests[".well-known/x"] {
		delete(s, ".well-known/x")
	}
	return s
}

// whole checks that got is exactly the old or exactly the new site and that
// nothing which was changed by hand is lost.
func (sc scene) whole(t *testing.T) {
	t.Helper()
	got := read(t, sc.dest)
	isOld, isNew := cmp.Diff(sc.old(), got), cmp.Diff(sc.new(), got)
	if isOld != "" && isNew != "" {
		t.Errorf("neither old nor new. Against old:\n%s\nagainst new:\n%s", isOld, isNew)
	}
	if isNew == "" {
		kept := read(t, filepath.Join(sc.source, ".duskpress/changed"))
		if diff := cmp.Diff(merged(sc.hand, sc.contests), kept); diff != "" {
			t.Errorf("kept by hand:\n%s", diff)
		}
	}
}

// TestCrashAnywhere crashes a publish at each of its steps, and the recovery at
// each of its own.
func TestCrashAnywhere(t *testing.T) {
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			sc := newScene(fastBench(t), 12)
			defer force(method)()
			sc.crashAnywhere(t, method, sc.set, 1)
		})
	}
}

// crashAnywhere tries every crash of a publish with each stride-th of a recovery.
func (sc scene) crashAnywhere(t *testing.T, method string, set func(t *testing.T), stride int) {
	recoveries := 0
	for n := 0; ; n++ {
		more := true
		for m := n % stride; more; m += stride {
			set(t)
			at := crashAt(n, func() { sc.commit(t) })
			if at == "" {
				t.Logf("%d steps of a publish, %d crashes in recoveries", n, recoveries)
				sc.whole(t)
				return
			}
			if method == "exchange" {
				got := sc.without(read(t, sc.dest))
				if cmp.Diff(sc.without(sc.old()), got) != "" && cmp.Diff(sc.without(sc.new()), got) != "" {
					t.Errorf("crash at %d (%s): %v", n, at, got)
				}
			}
			var s *Session
			again := crashAt(m, func() { s = sc.open(t) })
			if more = again != ""; more {
				recoveries++
				s = sc.open(t)
			}
			sc.whole(t)
			if list, _ := os.ReadDir(sc.work()); len(list) != 2 || exists(s.transitDir()) { // lock and new
				t.Errorf("left after recovery: %v", list)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Fatalf("crash at step %d (%s), in the recovery at %d (%s)", n, at, m, again)
			}
		}
	}
}

// TestErrorAnywhere lets each step fail: once, and from there on, as on a disk
// that is full or has become read-only.
func TestErrorAnywhere(t *testing.T) {
	for _, method := range methods() {
		for _, lasting := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/lasting=%v", method, lasting), func(t *testing.T) {
				sc := newScene(fastBench(t), 12)
				defer force(method)()
				for n := 0; ; n++ {
					sc.set(t)
					s := sc.open(t)
					sc.b.write(t, s.Staging())
					at, count := "", 0
					saved := seam.step
					seam.step = func(_ *Session, name string) error {
						if count++; count == n+1 {
							at = name
						}
						if count == n+1 || lasting && count > n {
							return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
						}
						return nil
					}
					res, err := s.Commit(t.Context(), sc.b.files())
					seam.step = saved
					if at == "" {
						t.Logf("%d steps", n)
						return
					}
					got := read(t, sc.dest)
					switch {
					case err == nil:
						if len(res.Warnings) == 0 && at != "shelve" { // the site is as whole without
							t.Error("the failure is not said")
						}
						if diff := cmp.Diff(sc.without(sc.new()), sc.without(got)); method != "entries" && diff != "" {
							t.Error(diff)
						}
					case !errors.Is(err, syscall.ENOSPC):
						t.Errorf("got %v", err)
					case !lasting || method != "entries":
						if diff := cmp.Diff(sc.old(), got); diff != "" {
							t.Errorf("%v, but the old site is changed: %s", err, diff)
						}
						if _, err := s.KeepFailed(nil); err != nil {
							t.Error(err)
						}
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					if err := sc.open(t).Close(); err != nil {
						t.Error(err)
					}
					sc.whole(t)
					if exists(sc.work()) && runtime.GOOS != "windows" {
						t.Errorf("left: %v", read(t, sc.work()))
					}
					if t.Failed() {
						t.Fatalf("error at step %d (%s): %v %v", n, at, err, res.Warnings)
					}
				}
			})
		}
	}
}

// TestCrashWhileUndoing lets a step of an entry-by-entry swap fail and crashes
// each later step of the same Commit.
func TestCrashWhileUndoing(t *testing.T) {
	sc := newScene(fastBench(t), 8)
	defer force("entries")()
	crashes := 0
	for n, more := 0, true; more; n++ {
		for k, crash := 1, true; crash; k++ {
			sc.set(t)
			s := sc.open(t)
			sc.b.write(t, s.Staging())
			count := 0
			saved := seam.step
			func() {
				defer func() {
					seam.step = saved
					_, crash = recover().(crashed)
				}()
				seam.step = func(_ *Session, name string) error {
					switch count++; count {
					case n + 1:
						return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
					case n + 1 + k:
						panic(crashed{name})
					}
					return nil
				}
				_, _ = s.Commit(t.Context(), sc.b.files())
			}()
			more = count > n
			s.lock.f.Close()
			s.lock = nil
			if crash {
				crashes++
			}
			if err := sc.open(t).Close(); err != nil {
				t.Error(err)
			}
			if sc.whole(t); t.Failed() {
				t.Fatalf("error at step %d, crash %d later", n, k)
			}
		}
	}
	t.Logf("%d crashes", crashes)
}

// TestGapFilled: after a crash between the two renames, somebody makes the
// missing destination anew.
func TestGapFilled(t *testing.T) {
	for _, tc := range []struct {
		name    string
		add     site
		refused bool
	}{
		{"empty", site{}, false},
		{"git", site{".git/HEAD": "other"}, true},
		{"files", site{"index.html": "other"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc := newScene(fastBench(t), 8)
			defer force("aside")()
			sc.set(t)
			for n := 0; exists(sc.dest); n++ {
				sc.set(t)
				if crashAt(n, func() { sc.commit(t) }) == "" {
					t.Fatal("no gap")
				}
			}
			if err := os.Mkdir(sc.dest, 0o755); err != nil {
				t.Fatal(err)
			}
			tc.add.write(t, sc.dest)
			_, err := Open(t.Context(), sc.options())
			if de := new(DestinationError); tc.refused != errors.As(err, &de) {
				t.Fatalf("got %v", err)
			}
			if tc.refused {
				wantSite(t, sc.dest, tc.add)
				if err := os.RemoveAll(sc.dest); err != nil {
					t.Fatal(err)
				}
				sc.open(t).Close()
			}
			sc.whole(t)
			wantSite(t, sc.dest, sc.new())
		})
	}
}
