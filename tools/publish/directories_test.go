package publish

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"duskpress/tools/internal/testenv"
)

// directories are those below dir, with their modes.
func directories(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	all := make(map[string]fs.FileMode)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir || !d.IsDir() {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantDirectories wants those that the files of a site need, and no others.
func wantDirectories(t *testing.T, dir string, st site) {
	t.Helper()
	want := make(map[string]bool)
	for p := range st {
		for at := path.Dir(p); at != "."; at = path.Dir(at) {
			want[at] = true
		}
	}
	got := directories(t, dir)
	for at, mode := range got {
		if !want[at] {
			t.Errorf("%s has the directory %s, and no file in it", dir, at)
		}
		if runtime.GOOS != "windows" && mode.Perm() != 0o755 {
			t.Errorf("%s has the mode %v", at, mode)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d directories, want %d", len(got), len(want))
	}
}

func (b bench) shelf() string { return filepath.Join(b.source, ".duskpress", "directories") }

// TestDirectoriesStay publishes sites in turn: what comes out has the directories
// of a first publish, whatever was there before, and those it shares are used again.
func TestDirectoriesStay(t *testing.T) {
	b := newBench(t)
	sites := []site{
		genSite("A", 40),
		{"index.html": "home", "posts/0/index.html": "0", "gone/by/now.html": "x"},
		{"index.html": "home", "posts": "a file where directories were"},
		genSite("B", 60),
		{"index.html": "no directory at all"},
		genSite("A", 40),
		genSite("A", 40),
	}
	for i, st := range sites {
		before, err := os.Lstat(filepath.Join(b.shelf(), "posts", "3"))
		kept := err == nil
		s := b.open(t)
		for _, f := range st.files() {
			// As a build does: what stands at the place of a file has no file in it.
			name := filepath.Join(s.Staging(), filepath.FromSlash(f.Path))
			if info, err := os.Lstat(name); err == nil && info.IsDir() {
				if err := os.RemoveAll(name); err != nil {
					t.Fatal(err)
				}
			}
		}
		st.write(t, s.Staging())
		if _, err := s.Commit(t.Context(), st.files()); err != nil {
			t.Fatal(i, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(i, err)
		}
		wantSite(t, b.dest, st.published())
		wantDirectories(t, b.dest, st)
		if got := read(t, b.shelf()); len(got) > 0 {
			t.Errorf("%d: directories were kept with files: %v", i, got)
		}
		if exists(b.work()) {
			t.Errorf("%d: %s is left", i, b.work())
		}
		after, err := os.Lstat(filepath.Join(b.dest, "posts", "3"))
		if err == nil && kept != os.SameFile(before, after) && kept {
			t.Errorf("%d: posts/3 was kept and made anew", i)
		}
	}
	if !exists(filepath.Join(b.shelf(), "posts", "3")) {
		t.Error("the directories of the last site but one are not kept")
	}
}

// TestDirectoriesUnlikeNew has directories that must not be used again.
func TestDirectoriesUnlikeNew(t *testing.T) {
	st := genSite("A", 40)
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, b bench)
		all  bool // none at all may be used
	}{
		{"one is closed", func(t *testing.T, b bench) { chmod(t, filepath.Join(b.dest, "posts", "3"), 0o700) }, false},
		{"all are closed", func(t *testing.T, b bench) {
			for at := range directories(t, b.dest) {
				chmod(t, filepath.Join(b.dest, at), 0o700)
			}
		}, false},
		{"those on the shelf are closed", func(t *testing.T, b bench) {
			for at := range directories(t, b.shelf()) {
				chmod(t, filepath.Join(b.shelf(), at), 0o700)
			}
		}, true},
		{"the top is closed", func(t *testing.T, b bench) { chmod(t, b.shelf(), 0o700) }, true},
		{"a link", func(t *testing.T, b bench) {
			if err := os.Rename(b.shelf(), b.shelf()+"2"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(b.shelf()+"2", b.shelf()); err != nil {
				testenv.Lacks(t, testenv.System, "symbolic links: %v", err)
			}
		}, true},
		{"names without a case", func(t *testing.T, b bench) {}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				testenv.Lacks(t, testenv.System, "modes of directories")
			}
			b := newBench(t)
			b.publish(t, st)
			b.publish(t, st)
			tt.do(t, b)
			s, err := Open(t.Context(), b.options())
			if err != nil {
				t.Fatal(err)
			}
			if tt.name == "names without a case" {
				// Here a file that has the other name is as good as a system that finds it.
				if err := os.Mkdir(s.place("NEW"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			s.Furnish()
			if tt.all && len(directories(t, s.Staging())) > 0 {
				t.Error("they were used")
			}
			if tt.name == "names without a case" {
				if err := os.Remove(s.place("NEW")); err != nil {
					t.Fatal(err)
				}
			}
			st.write(t, s.Staging())
			if _, err := s.Commit(t.Context(), st.files()); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			wantDirectories(t, b.dest, st)
			b.publish(t, st)
			wantDirectories(t, b.dest, st)
			wantSite(t, b.dest, st.published())
		})
	}
}

func chmod(t *testing.T, name string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// TestDirectoriesOfNoSite: a session that publishes nothing gives them back, without
// what it wrote, and one that failed keeps none that are empty.
func TestDirectoriesOfNoSite(t *testing.T) {
	b := newBench(t)
	st := genSite("A", 40)
	b.publish(t, st)
	b.publish(t, st)
	want := directories(t, b.shelf())
	if len(want) == 0 {
		t.Fatal("nothing is kept")
	}

	s := b.open(t)
	site{"index.html": "x", "posts/1/x.html": "x", "new/x.html": "x"}.write(t, s.Staging())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, b.shelf()); len(got) > 0 {
		t.Errorf("given back with files: %v", got)
	}
	if got := directories(t, b.shelf()); len(got) != len(want)+1 {
		t.Errorf("%d directories were given back, want %d", len(got), len(want)+1)
	}

	s = b.open(t)
	if s.Furnish(); len(directories(t, s.Staging())) != len(want)+1 {
		t.Error("staging has not what was kept")
	}
	failed := site{"index.html": "x", "posts/1/x.html": "x"}
	failed.write(t, s.Staging())
	dir, err := s.KeepFailed([]byte("report"))
	if err != nil {
		t.Fatal(err)
	}
	wantSite(t, filepath.Join(dir, "site"), failed)
	if got := directories(t, filepath.Join(dir, "site")); len(got) != 2 {
		t.Errorf("a failed site has %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// Who never asks for them leaves them where they are.
	b.publish(t, st)
	before := directories(t, b.shelf())
	s, err = Open(t.Context(), b.options())
	if err != nil {
		t.Fatal(err)
	}
	if got := directories(t, s.Staging()); len(got) > 0 {
		t.Errorf("nobody asked for %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := directories(t, b.shelf()); len(got) != len(before) {
		t.Errorf("%d directories are left of %d", len(got), len(before))
	}
}

// TestPrune removes what holds no file, at any depth, and nothing else.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"a/b/c", "a/d", "e", "f/g"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	site{"a/d/x": "", "h": ""}.write(t, dir)
	nodes, dirs, err := walk(dir, everything)
	if err != nil {
		t.Fatal(err)
	}
	if err := prune(dir, dirs, nodes); err != nil {
		t.Fatal(err)
	}
	got := directories(t, dir)
	var names []string
	for d := range got {
		names = append(names, d)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"a", "a/d"}) {
		t.Errorf("left: %v", names)
	}
}
