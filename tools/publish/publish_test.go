package publish

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A site maps paths to contents.
type site map[string]string

// genSite makes a site of n files. Sites of different names share most paths,
// and each has paths and a dot entry of its own.
func genSite(name string, n int) site {
	s := site{"index.html": "home of " + name, ".nojekyll-" + name: "", ".shared/x": name, "only-" + name + "/deep/a.html": name}
	for i := len(s); i < n; i++ {
		s[fmt.Sprintf("posts/%d/%d.html", i%7, i)] = strings.Repeat(name, 1+i%50)
	}
	return s
}

func (s site) write(t testing.TB, dir string) {
	t.Helper()
	for path, content := range s {
		p := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (s site) files() []File {
	var files []File
	for path, content := range s {
		files = append(files, File{path, int64(len(content)), sha256.Sum256([]byte(content))})
	}
	return files
}

// published is the site as it stands in a destination: with its receipt.
func (s site) published() site {
	all := maps.Clone(s)
	all[receiptName] = string(newReceipt(s.files()).bytes())
	return all
}

// read returns what is in dir, without the entries of skip; nil if dir is missing.
func read(t testing.TB, dir string, skip ...string) site {
	t.Helper()
	if !exists(dir) {
		return nil
	}
	got := site{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if slices.Contains(skip, rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if d.Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			got[filepath.ToSlash(rel)] = "-> " + target
			return err
		}
		data, err := os.ReadFile(path)
		got[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantSite(t testing.TB, dir string, want site) {
	t.Helper()
	if diff := cmp.Diff(want, read(t, dir)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", dir, diff)
	}
}

// bench is a source with a destination beside its content.
type bench struct {
	source, dest string
}

func newBench(t testing.TB) bench {
	dir := t.TempDir()
	return bench{dir, filepath.Join(dir, "public")}
}

func (b bench) options() Options {
	return Options{Source: b.source, Destination: b.dest, Holder: "test"}
}

func (b bench) work() string { return filepath.Join(b.source, ".public.duskpress") }

func (b bench) open(t testing.TB) *Session {
	t.Helper()
	s, err := Open(t.Context(), b.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Furnish()
	return s
}

func (b bench) publish(t testing.TB, st site) Result {
	t.Helper()
	s := b.open(t)
	st.write(t, s.Staging())
	res, err := s.Commit(t.Context(), st.files())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return res
}

// force makes one way of swapping the only one that works.
func force(method string) (undo func()) {
	saved := seam
	if method == "aside" || method == "entries" {
		seam.exchange = func(a, b string) error { return &os.LinkError{Op: "exchange", Old: a, New: b, Err: syscall.ENOSYS} }
	}
	if method == "entries" {
		seam.rename = func(from, to string) error {
			if filepath.Base(from) == "public" || filepath.Base(to) == "public" && exists(to) {
				return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EBUSY}
			}
			return os.Rename(from, to)
		}
	}
	return func() { seam = saved }
}

func methods() []string {
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		return []string{"exchange", "aside", "entries"}
	}
	return []string{"aside", "entries"}
}

func TestPublish(t *testing.T) {
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			one, two := genSite("A", 30), genSite("B", 30)
			if res := b.publish(t, one); res.Method != "rename" {
				t.Errorf("first publish by %s", res.Method)
			}
			wantSite(t, b.dest, one.published())
			site{".git/HEAD": "ref", ".DS_Store": "x"}.write(t, b.dest)

			res := b.publish(t, two)
			if res.Method != method || len(res.Changed) > 0 || len(res.Warnings) > 0 {
				t.Errorf("got %+v", res)
			}
			want := two.published()
			want[".git/HEAD"], want[".DS_Store"] = "ref", "x"
			wantSite(t, b.dest, want)
			if exists(b.work()) {
				t.Errorf("left %v", read(t, b.work()))
			}
			if list, _ := filepath.Glob(filepath.Join(b.source, ".duskpress/published/*/*.json")); len(list) != 1 {
				t.Errorf("records: %v", list)
			}
			if fi, _ := os.Stat(b.dest); runtime.GOOS != "windows" && fi.Mode().Perm() != 0o755 {
				t.Errorf("mode %v", fi.Mode())
			}
		})
	}
}

func TestReceipt(t *testing.T) {
	st := site{"b.html": "b", "a/c.html": "c", ".well-known/x": "x", ".well-known/y": "y", ".a\n b": ""}
	data := newReceipt(st.files()).bytes()
	if other := newReceipt(st.files()).bytes(); string(other) != string(data) {
		t.Errorf("two receipts of one site:\n%s%s", data, other)
	}
	got, err := parseReceipt(strings.NewReader(string(data)))
	want := &receipt{Files: 5, Tree: newReceipt(st.files()).Tree, Dots: []string{".a\n b", ".well-known"}}
	if err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	for i := range len(data) {
		r, err := parseReceipt(strings.NewReader(string(data[:i])))
		if err == nil && (r.Files != 5 || r.Tree != want.Tree) {
			t.Errorf("cut at %d: %+v", i, r)
		}
	}
	for _, bad := range []string{"", "junk", receiptHead + "\nfiles x\n", string(data) + "more\n", string(data) + `dot ".git"` + "\n"} {
		if _, err := parseReceipt(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestCommitVerifies(t *testing.T) {
	old := site{"index.html": "old"}
	for _, tc := range []struct {
		name  string
		plant func(dir string, files *[]File) error
		want  string
	}{
		{"missing", func(d string, _ *[]File) error { return os.Remove(filepath.Join(d, "a.html")) }, "a.html is missing"},
		{"extra", func(d string, _ *[]File) error { return os.WriteFile(filepath.Join(d, "z"), nil, 0o644) }, "z is not of this build"},
		{"size", func(d string, _ *[]File) error {
			return os.WriteFile(filepath.Join(d, "a.html"), []byte("longer"), 0o644)
		}, "a.html has 6 bytes, not 1"},
		{"link", func(d string, _ *[]File) error {
			p := filepath.Join(d, "a.html")
			return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p))
		}, "a.html is no regular file"},
		{"twice", func(_ string, f *[]File) error { *f = append(*f, (*f)[0]); return nil }, "listed twice"},
		{"outside", func(_ string, f *[]File) error { (*f)[0].Path = "../x"; return nil }, "not a path within a site"},
		{"git", func(_ string, f *[]File) error { (*f)[0].Path = ".git/config"; return nil }, "not the site's to write"},
		{"receipt", func(_ string, f *[]File) error { (*f)[0].Path = ".Duskpress"; return nil }, "not the site's to write"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.publish(t, old)
			s := b.open(t)
			st := site{"a.html": "a", "b.html": "b"}
			st.write(t, s.Staging())
			files := st.files()
			if err := tc.plant(s.Staging(), &files); err != nil {
				t.Fatal(err)
			}
			_, err := s.Commit(t.Context(), files)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			wantSite(t, b.dest, old.published())
			if exists(b.work()) {
				t.Error("the work directory is still there")
			}
		})
	}
}

func TestCancelledBeforeSwap(t *testing.T) {
	b := newBench(t)
	old := site{"index.html": "old"}
	b.publish(t, old)
	s := b.open(t)
	st := site{"index.html": "new"}
	st.write(t, s.Staging())
	ctx, cancel := context.WithCancel(t.Context())
	saved := seam
	defer func() { seam = saved }()
	seam.step = func(_ *Session, name string) error {
		if name == "record" { // late, but before the swap
			cancel()
		}
		return nil
	}
	if _, err := s.Commit(ctx, st.files()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantSite(t, b.dest, old.published())
	// The build did not fail, so the same session may still publish it.
	seam = saved
	if _, err := s.Commit(t.Context(), st.files()); err != nil {
		t.Error(err)
	}
	wantSite(t, b.dest, st.published())
	if _, err := s.Commit(t.Context(), st.files()); err == nil {
		t.Error("a second commit succeeded")
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

func TestKeepFailed(t *testing.T) {
	b := newBench(t)
	old := site{"index.html": "old"}
	b.publish(t, old)
	for i := range 3 {
		s := b.open(t)
		st := site{"index.html": "half", fmt.Sprintf("n%d.html", i): ""}
		st.write(t, s.Staging())
		dir, err := s.KeepFailed([]byte(fmt.Sprintf("report %d\n", i)))
		if err != nil {
			t.Fatal(err)
		}
		want := site{"report.txt": fmt.Sprintf("report %d\n", i)}
		for p, c := range st {
			want["site/"+p] = c
		}
		wantSite(t, dir, want)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	wantSite(t, b.dest, old.published())
}

func TestTwoDestinations(t *testing.T) {
	b := newBench(t)
	c := b
	c.dest = filepath.Join(b.source, "docs")
	s := b.open(t)
	c.publish(t, site{"x": "c"})
	s.Close()
	b.publish(t, site{"x": "b"})
	wantSite(t, b.dest, site{"x": "b"}.published())
	wantSite(t, c.dest, site{"x": "c"}.published())
}

// BenchmarkCommit is the time between a finished staging directory of 10,000
// files and the end of Commit, over an old site of as many.
func BenchmarkCommit(b *testing.B) {
	bn := newBench(b)
	sites := []site{genSite("A", 10000), genSite("B", 10000)}
	lists := [][]File{sites[0].files(), sites[1].files()}
	bn.publish(b, sites[1])
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		s := bn.open(b)
		sites[i%2].write(b, s.Staging())
		b.StartTimer()
		if _, err := s.Commit(b.Context(), lists[i%2]); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

// TestMain runs the test binary as another process of the tool where asked to.
func TestMain(m *testing.M) {
	switch mode := os.Getenv("DUSKPRESS_PUBLISH_CHILD"); mode {
	case "":
		os.Exit(m.Run())
	case "hold":
		childHold()
	case "loop":
		childLoop()
	default:
		fmt.Fprintln(os.Stderr, "unknown child", mode)
		os.Exit(2)
	}
}

func childOptions() Options {
	return Options{Source: os.Getenv("DUSKPRESS_SOURCE"), Destination: os.Getenv("DUSKPRESS_DEST"), Holder: "child"}
}

// childHold opens a session, says so, and holds it until its input ends.
func childHold() {
	s, err := Open(context.Background(), childOptions())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	if err := s.Close(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}
