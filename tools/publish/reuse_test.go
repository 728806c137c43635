package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// publishReusing writes a site as a build does: what is published already is
// linked. It returns how many files were.
func (b bench) publishReusing(t *testing.T, st site) (linked int, err error) {
	t.Helper()
	s := b.open(t)
	defer s.Close()
	linked = linkAll(t, s, st)
	_, err = s.Commit(t.Context(), st.files())
	return linked, err
}

func linkAll(t *testing.T, s *Session, st site) (linked int) {
	t.Helper()
	for _, f := range st.files() {
		name := filepath.Join(s.Staging(), filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if s.Link(f.Path, f.SHA256, f.Size) {
			linked++
		} else if err := os.WriteFile(name, []byte(st[f.Path]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return linked
}

func TestUnchangedFilesStay(t *testing.T) {
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			one := genSite("one", 60)
			b.publish(t, one)
			before := make(map[string]os.FileInfo)
			for path := range one {
				info, err := os.Stat(filepath.Join(b.dest, filepath.FromSlash(path)))
				if err != nil {
					t.Fatal(err)
				}
				before[path] = info
			}
			two := site{}
			for path, text := range one {
				two[path] = text
			}
			two["index.html"] = "another home"
			two["new.html"] = "new"
			delete(two, "posts/3/10.html")
			time.Sleep(20 * time.Millisecond)
			linked, err := b.publishReusing(t, two)
			if err != nil || linked != len(one)-2 {
				t.Errorf("%d of %d files were linked: %v", linked, len(one), err)
			}
			wantSite(t, b.dest, two.published())
			for path, was := range before {
				now, err := os.Stat(filepath.Join(b.dest, filepath.FromSlash(path)))
				if path == "posts/3/10.html" || path == "index.html" {
					if err == nil && os.SameFile(was, now) {
						t.Errorf("%s is the same file", path)
					}
					continue
				}
				if err != nil || !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) {
					t.Errorf("%s is another file, or has another time: %v", path, err)
				}
			}
			s := b.open(t)
			defer s.Close()
			if r, _ := inspect(b.dest); !s.Intact(t.Context(), r.Tree) || !s.old.proven {
				t.Error("what was published is not found intact, or not by its seal")
			}
		})
	}
}

// TestTamper changes a published file in every way that size and time do not
// show, or that they do: none may be taken for what was published.
func TestTamper(t *testing.T) {
	const path, text = "index.html", "home of one"
	for name, tamper := range map[string]func(name string) error{
		"same size and time": func(name string) error {
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			if err := os.WriteFile(name, []byte("home of ono"), 0o644); err != nil {
				return err
			}
			return os.Chtimes(name, time.Time{}, info.ModTime())
		},
		"same size": func(name string) error { return os.WriteFile(name, []byte("home of ono"), 0o644) },
		"longer":    func(name string) error { return os.WriteFile(name, []byte("home of another"), 0o644) },
		"gone":      os.Remove,
		"a link": func(name string) error {
			if err := os.Rename(name, name+".2"); err != nil {
				return err
			}
			return os.Symlink(filepath.Base(name)+".2", name)
		},
		"a directory": func(name string) error {
			if err := os.Remove(name); err != nil {
				return err
			}
			return os.Mkdir(name, 0o755)
		},
	} {
		for _, sealed := range []bool{true, false} {
			b := newBench(t)
			one := genSite("one", 12)
			b.publish(t, one)
			if !sealed {
				list, _ := filepath.Glob(filepath.Join(b.source, ".duskpress/published/*/*.seal"))
				if len(list) != 1 {
					t.Fatalf("seals: %q", list)
				}
				if err := os.Remove(list[0]); err != nil {
					t.Fatal(err)
				}
			}
			if err := tamper(filepath.Join(b.dest, path)); err != nil {
				t.Fatal(err)
			}
			r, err := inspect(b.dest)
			if err != nil {
				t.Fatal(err)
			}
			s := b.open(t)
			if s.Intact(t.Context(), r.Tree) {
				t.Errorf("%s, sealed %v: taken for intact", name, sealed)
			}
			f := site{path: text}.files()[0]
			if s.Link(path, f.SHA256, f.Size) {
				t.Errorf("%s, sealed %v: linked", name, sealed)
			}
			s.Close()
			if _, err := b.publishReusing(t, one); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			wantSite(t, b.dest, one.published())
		}
	}
}

// TestIntact wants nothing more and nothing less than what was published.
func TestIntact(t *testing.T) {
	b := newBench(t)
	b.publish(t, genSite("one", 12))
	r, err := inspect(b.dest)
	if err != nil {
		t.Fatal(err)
	}
	intact := func() bool {
		s := b.open(t)
		defer s.Close()
		return s.Intact(t.Context(), r.Tree)
	}
	if !intact() {
		t.Error("not intact")
	}
	if err := os.Chmod(filepath.Join(b.dest, "index.html"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !intact() {
		t.Error("not intact, though its bytes are the same")
	}
	site{".git/HEAD": "x"}.write(t, b.dest)
	if !intact() {
		t.Error("not intact for a foreign dot entry")
	}
	s := b.open(t)
	if s.Intact(t.Context(), strings.Repeat("0", 64)) || s.Intact(t.Context(), "") {
		t.Error("intact as another site")
	}
	s.Close()
	site{"extra.html": "x"}.write(t, b.dest)
	if intact() {
		t.Error("intact with a file more")
	}
}

// TestDamagedSeal falls back to reading the files.
func TestDamagedSeal(t *testing.T) {
	b := newBench(t)
	one := genSite("one", 12)
	b.publish(t, one)
	list, _ := filepath.Glob(filepath.Join(b.source, ".duskpress/published/*/*.seal"))
	whole, err := os.ReadFile(list[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) / 9 {
		data := append([]byte(nil), whole...)
		data[i*9] ^= 4
		if i%2 == 1 {
			data = data[:i*9]
		}
		if err := os.WriteFile(list[0], data, 0o666); err != nil {
			t.Fatal(err)
		}
		s := b.open(t)
		if s.loadOld().proven {
			t.Fatalf("byte %d: the seal is believed", i*9)
		}
		if r, _ := inspect(b.dest); !s.Intact(t.Context(), r.Tree) {
			t.Errorf("byte %d: not intact", i*9)
		}
		s.Close()
	}
}

// TestWriteThrough writes into a published file while the new site shares it.
func TestWriteThrough(t *testing.T) {
	b := newBench(t)
	one := genSite("one", 12)
	b.publish(t, one)
	s := b.open(t)
	defer s.Close()
	linkAll(t, s, one)
	if err := os.WriteFile(filepath.Join(b.dest, "index.html"), []byte("by hand now"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), one.files()); err == nil || !strings.Contains(err.Error(), "index.html") {
		t.Errorf("published what another hand wrote: %v", err)
	}
}

// TestFailedIsNotShared writes into what is kept of a failed build.
func TestFailedIsNotShared(t *testing.T) {
	b := newBench(t)
	one := genSite("one", 12)
	b.publish(t, one)
	s := b.open(t)
	defer s.Close()
	if n := linkAll(t, s, one); n != len(one) {
		t.Fatalf("%d linked", n)
	}
	dir, err := s.KeepFailed([]byte("report"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "site", "index.html"), []byte("scribble"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantSite(t, b.dest, one.published())
}
