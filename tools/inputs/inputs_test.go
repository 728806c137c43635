package inputs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/testenv"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// listed makes a site and its list, as a build does.
func listed(t *testing.T, strict bool) (dir string, l *List) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "site")
	write(t, filepath.Join(dir, "content", "a.md"), "text a")
	write(t, filepath.Join(dir, "content", "b.md"), "text b")
	write(t, filepath.Join(dir, "public", "index.html"), "out")
	write(t, filepath.Join(dir, "..", "outside.toml"), "x = 1")
	if err := os.Symlink("a.md", filepath.Join(dir, "content", "link.md")); err != nil {
		testenv.Lacks(t, testenv.System, "no symbolic link can be made: %v", err)
	}
	p := Place{
		Roots: []string{dir, filepath.Join(dir, "content")}, Except: []string{filepath.Join(dir, "public")},
		Files:  []string{filepath.Join(dir, "..", "outside.toml"), filepath.Join(dir, "..", "missing"), filepath.Join(dir, "content", "a.md")},
		Strict: strict,
	}
	first, err := Take(p)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = first.Complete(nil, p); err != nil {
		t.Fatal(err)
	}
	if l, err = Parse(l.Bytes()); err != nil {
		t.Fatal(err)
	}
	return dir, l
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dir string) error
		same   bool
		strict bool // the same when what the system notes counts
	}{
		{"nothing", func(string) error { return nil }, true, true},
		{"other bytes", func(d string) error { return os.WriteFile(d+"/content/a.md", []byte("text A"), 0o666) }, false, false},
		{"other bytes, old time", func(d string) error {
			info, err := os.Stat(d + "/content/a.md")
			if err != nil {
				return err
			}
			if err := os.WriteFile(d+"/content/a.md", []byte("text A"), 0o666); err != nil {
				return err
			}
			return os.Chtimes(d+"/content/a.md", time.Time{}, info.ModTime())
		}, false, false},
		{"the same bytes", func(d string) error { return os.WriteFile(d+"/content/a.md", []byte("text a"), 0o666) }, true, false},
		{"another time", func(d string) error {
			return os.Chtimes(d+"/content/a.md", time.Time{}, time.Unix(1e9, 0))
		}, true, false},
		{"a file more", func(d string) error { return os.WriteFile(d+"/content/c.md", nil, 0o666) }, false, false},
		{"a directory more", func(d string) error { return os.Mkdir(d+"/content/c", 0o777) }, false, false},
		{"a file less", func(d string) error { return os.Remove(d + "/content/b.md") }, false, false},
		{"another name", func(d string) error { return os.Rename(d+"/content/b.md", d+"/content/c.md") }, false, false},
		{"two names exchanged", func(d string) error {
			for _, m := range [][2]string{{"a", "x"}, {"b", "a"}, {"x", "b"}} {
				if err := os.Rename(d+"/content/"+m[0]+".md", d+"/content/"+m[1]+".md"); err != nil {
					return err
				}
			}
			return nil
		}, false, false},
		{"what is published", func(d string) error { return os.WriteFile(d+"/public/x", nil, 0o666) }, true, true},
		{"a file outside", func(d string) error { return os.WriteFile(d+"/../outside.toml", []byte("x = 2"), 0o666) }, false, false},
		{"a file outside is gone", func(d string) error { return os.Remove(d + "/../outside.toml") }, false, false},
		{"a missing one is there", func(d string) error { return os.WriteFile(d+"/../missing", nil, 0o666) }, false, false},
		{"another file outside", func(d string) error { return os.WriteFile(d+"/../other", nil, 0o666) }, true, true},
		{"another target", func(d string) error {
			if err := os.Remove(d + "/content/link.md"); err != nil {
				return err
			}
			return os.Symlink("b.md", d+"/content/link.md")
		}, false, false},
		{"a link out", func(d string) error { return os.Symlink("/etc", d+"/content/etc") }, false, false},
	} {
		for _, strict := range []bool{false, true} {
			dir, l := listed(t, strict)
			if changed, same := l.Same(); !same {
				t.Fatalf("changed at once: %s", changed)
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			want := c.same
			if strict {
				want = c.strict
			}
			if changed, same := l.Same(); same != want || !same && changed == "" {
				t.Errorf("%s, strict %v: same %v (%q)", c.name, strict, same, changed)
			}
		}
	}
}

// TestChangedMeanwhile changes inputs while a build runs: no list comes of it.
func TestChangedMeanwhile(t *testing.T) {
	for name, change := range map[string]func(d string) error{
		"written": func(d string) error { return os.WriteFile(d+"/a", []byte("2"), 0o666) },
		"added":   func(d string) error { return os.WriteFile(d+"/b", []byte("2"), 0o666) },
		"removed": func(d string) error { return os.Remove(d + "/a") },
	} {
		dir := t.TempDir()
		write(t, dir+"/a", "1")
		p := Place{Roots: []string{dir}}
		first, err := Take(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := first.Complete(nil, p); err == nil {
			t.Errorf("%s: a list of what nobody read", name)
		}
	}
}

// TestSums takes sums from the list of before for files that are surely as they
// were, and reads the others.
func TestSums(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a", "1")
	p := Place{Roots: []string{dir}}
	complete := func(before *List, later time.Duration) *List {
		l, err := Take(p)
		if err != nil {
			t.Fatal(err)
		}
		l.taken += int64(later)
		if l, err = l.Complete(before, p); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, c := range []struct {
		later time.Duration
		taken bool
	}{{0, false}, {time.Hour, true}} {
		before := complete(nil, c.later)
		e := before.files[dir+"/a"]
		e.sum[0] ^= 1 // a wrong sum shows where this one comes from
		before.files[dir+"/a"] = e
		if got := complete(before, 0).files[dir+"/a"].sum; (got == e.sum) != c.taken {
			t.Errorf("a list of %v later: its sum is taken: %v", c.later, got == e.sum)
		}
	}
}

func TestParse(t *testing.T) {
	_, l := listed(t, true)
	text := string(l.Bytes())
	for _, bad := range []string{"", "x", strings.Replace(text, "taken ", "taken x", 1), strings.Replace(text, "\nf ", "\nq ", 1), text[:len(text)-20]} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("read: %.80q", bad)
		}
	}
}
