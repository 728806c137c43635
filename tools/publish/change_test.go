package publish

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChanged(t *testing.T) {
	one := site{"index.html": "one", "a/b.html": "b", "a/c.html": "c", ".nojekyll": "", "same.html": "same"}
	two := site{"index.html": "two", "a/b.html": "b2", "a/c.html": "C", "CNAME2": "x", ".well-known/x": "site's"}
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			b.publish(t, one)
			site{
				"index.html":    "ONE",    // same size
				"a/b.html":      "longer", // other size
				"a/c.html":      "C",      // what the next site will say
				"CNAME":         "example.org",
				".nojekyll":     "x",
				".well-known/x": "certificate", // foreign, and in the way of the next site's
				".git/HEAD":     "ref",
			}.write(t, b.dest)
			later := time.Now().Add(time.Hour)
			for _, p := range []string{"index.html", "same.html"} { // same.html: touched alone
				if err := os.Chtimes(filepath.Join(b.dest, p), later, later); err != nil {
					t.Fatal(err)
				}
			}
			want := []Change{
				{Kind: Modified, Path: ".nojekyll"},
				{Kind: Added, Path: "CNAME"},
				{Kind: Modified, Path: "a/b.html"},
				{Kind: Modified, Path: "a/c.html"},
				{Kind: Modified, Path: "index.html"},
			}
			s := b.open(t)
			got, err := s.Changed(t.Context())
			if err != nil || cmp.Diff(want, got) != "" {
				t.Errorf("%v %s", err, cmp.Diff(want, got))
			}
			if err := os.Remove(filepath.Join(b.dest, "same.html")); err != nil {
				t.Fatal(err)
			}

			two.write(t, s.Staging())
			res, err := s.Commit(t.Context(), two.files())
			if err != nil {
				t.Fatal(err)
			}
			kept := func(p string) string { return s.state("changed", filepath.FromSlash(p)) }
			want = []Change{
				{Modified, ".nojekyll", kept(".nojekyll")},
				{Added, ".well-known/x", kept(".well-known/x")},
				{Added, "CNAME", kept("CNAME")},
				{Modified, "a/b.html", kept("a/b.html")},
				{Modified, "a/c.html", ""},
				{Modified, "index.html", kept("index.html")},
				{Removed, "same.html", ""},
			}
			if diff := cmp.Diff(want, res.Changed); diff != "" {
				t.Error(diff)
			}
			if len(res.Warnings) > 0 {
				t.Error(res.Warnings)
			}
			wantSite(t, s.state("changed"), site{".nojekyll": "x", ".well-known/x": "certificate",
				"CNAME": "example.org", "a/b.html": "longer", "index.html": "ONE"})
			now := two.published()
			now[".git/HEAD"] = "ref"
			wantSite(t, b.dest, now)
		})
	}
}

// TestKeptTwice: an earlier copy is never lost, and an equal one not repeated.
func TestKeptTwice(t *testing.T) {
	b := newBench(t)
	st := site{"a": "a"}
	b.publish(t, st)
	for _, hand := range []site{{"x": "1"}, {"x": "1"}, {"x": "2"}, {"x/y": "3"}, {"x": "2"}} {
		hand.write(t, b.dest)
		b.publish(t, st)
		wantSite(t, b.dest, st.published())
	}
	wantSite(t, filepath.Join(b.source, ".duskpress/changed"), site{"x": "1"})
	wantSite(t, filepath.Join(b.source, ".duskpress/changed.2"), site{"x": "2"})
	wantSite(t, filepath.Join(b.source, ".duskpress/changed.3"), site{"x/y": "3"})
}

// TestLateChange: a file changed between the search and the swap is kept too.
func TestLateChange(t *testing.T) {
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			b.publish(t, genSite("A", 10))
			s := b.open(t)
			st := genSite("B", 10)
			st.write(t, s.Staging())
			saved := seam.step
			defer func() { seam.step = saved }()
			seam.step = func(_ *Session, name string) error {
				if name == "swap" {
					site{"index.html": "late edit", "new.txt": "late"}.write(t, b.dest)
				}
				return nil
			}
			res, err := s.Commit(t.Context(), st.files())
			if err != nil {
				t.Fatal(err)
			}
			want := []Change{{Modified, "index.html", s.state("changed", "index.html")}, {Added, "new.txt", s.state("changed", "new.txt")}}
			if diff := cmp.Diff(want, res.Changed); diff != "" {
				t.Error(diff)
			}
			wantSite(t, s.state("changed"), site{"index.html": "late edit", "new.txt": "late"})
			wantSite(t, b.dest, st.published())
		})
	}
}

func TestWithoutRecord(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"absent":    os.Remove,
		"truncated": func(p string) error { return os.Truncate(p, 100) },
		"garbage":   func(p string) error { return os.WriteFile(p, []byte("\x00{]"), 0o644) },
		"edited": func(p string) error {
			data, err := os.ReadFile(p)
			return errors.Join(err, os.WriteFile(p, []byte(strings.Replace(string(data), "index.html", "index.htm", 1)), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			one := site{"index.html": "one", "same.html": "same", "gone.html": "gone"}
			two := site{"index.html": "two", "same.html": "same"}
			b.publish(t, one)
			plant := func() {
				list, _ := filepath.Glob(filepath.Join(b.source, ".duskpress/published/*/*.json"))
				if len(list) != 1 {
					t.Fatalf("records: %v", list)
				}
				if err := spoil(list[0]); err != nil {
					t.Fatal(err)
				}
			}
			plant()
			s := b.open(t)
			if got, err := s.Changed(t.Context()); err != nil || len(got) > 0 {
				t.Errorf("unchanged: %v %v", got, err)
			}
			site{"CNAME": "x"}.write(t, b.dest)
			if got, err := s.Changed(t.Context()); err != nil || cmp.Diff([]Change{{Kind: Unknown}}, got) != "" {
				t.Errorf("changed: %v %v", got, err)
			}
			two.write(t, s.Staging())
			res, err := s.Commit(t.Context(), two.files())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Change{{Kind: Unknown, Kept: s.state("changed")}}, res.Changed); diff != "" {
				t.Error(diff)
			}
			wantSite(t, s.state("changed"), site{"CNAME": "x", "index.html": "one", "gone.html": "gone"})
			s.Close()
			// Said once: now there is a record again.
			if res := b.publish(t, one); len(res.Changed) > 0 {
				t.Errorf("again: %v", res.Changed)
			}
		})
	}
}

// TestKeepFails: what cannot be kept is not replaced.
func TestKeepFails(t *testing.T) {
	b := newBench(t)
	st := site{"index.html": "old"}
	b.publish(t, st)
	site{"CNAME": "mine"}.write(t, b.dest)
	saved := seam
	defer func() { seam = saved }()
	seam.step = func(_ *Session, name string) error {
		if name == "keep" {
			return &os.PathError{Op: "write", Path: "changed", Err: syscall.ENOSPC}
		}
		return nil
	}
	s := b.open(t)
	next := site{"index.html": "new"}
	next.write(t, s.Staging())
	if _, err := s.Commit(t.Context(), next.files()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	s.Close()
	want := st.published()
	want["CNAME"] = "mine"
	wantSite(t, b.dest, want)
}
