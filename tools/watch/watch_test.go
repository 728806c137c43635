package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const limit = time.Minute

type place struct {
	t   *testing.T
	dir string
	w   *Watcher
}

func start(t *testing.T, o Options) *place {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, dir: dir}
	for _, name := range []string{"content/a.md", "content/b.md", "content/posts/c.md", "layouts/page.html"} {
		p.write(name, "old "+name)
	}
	o.Roots = []string{dir}
	p.w = Start(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return p
}

func (p *place) at(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *place) write(name, data string) {
	p.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.at(name)), 0o777), os.WriteFile(p.at(name), []byte(data), 0o666)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// want waits until all of these have changed, and nothing else has.
func (p *place) want(names ...string) {
	p.t.Helper()
	var got []string
	end := time.After(limit)
	for {
		select {
		case list := <-p.w.Changes():
			if !slices.IsSorted(list) {
				p.t.Errorf("not sorted: %q", list)
			}
			for _, name := range list {
				rel, err := filepath.Rel(p.dir, name)
				p.do(err)
				got = append(got, filepath.ToSlash(rel))
			}
			slices.Sort(got)
			got = slices.Compact(got)
			if len(got) >= len(names) {
				if d := cmp.Diff(names, got); d != "" {
					p.t.Errorf("-want +got:\n%s", d)
				}
				return
			}
		case <-end:
			p.t.Fatalf("changed: %q, want %q", got, names)
		}
	}
}

// quiet wants no change, over more than one look.
func (p *place) quiet() {
	p.t.Helper()
	select {
	case list := <-p.w.Changes():
		p.t.Errorf("changed: %q", list)
	case <-time.After(eldest + eldest/2):
	}
}

func TestSaves(t *testing.T) {
	for _, hints := range []bool{true, false} {
		name := "hints"
		if !hints {
			name = "none"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, Options{NoHints: !hints, Skip: func(name string) bool { return strings.HasSuffix(name, "~") || filepath.Base(name) == "public" }})

			p.write("content/a.md", "in place")
			p.want("content/a.md")

			// As Vim does: the old file becomes the backup, a new one is written.
			p.do(os.Rename(p.at("content/a.md"), p.at("content/a.md~")))
			p.write("content/a.md", "by vim")
			p.do(os.Remove(p.at("content/a.md~")))
			p.want("content/a.md")

			// As others do: a new file is renamed into place.
			p.write(".tmp-1~", "renamed")
			p.do(os.Rename(p.at(".tmp-1~"), p.at("content/a.md")))
			p.want("content/a.md")

			// In steps, as VS Code does: emptied, then written.
			f, err := os.OpenFile(p.at("content/b.md"), os.O_WRONLY|os.O_TRUNC, 0)
			p.do(err)
			_, err = f.WriteString("in ")
			p.do(err)
			_, err = f.WriteString("steps")
			p.do(errors.Join(err, f.Close()))
			p.want("content/b.md")

			// The same bytes anew are no change.
			p.write("content/b.md", "in steps")
			p.do(os.Chtimes(p.at("content/b.md"), time.Now(), time.Now().Add(-time.Hour)))
			p.quiet()

			// A checkout: files go and come, and a folder too.
			p.do(os.Remove(p.at("content/a.md")))
			p.do(os.Rename(p.at("content/posts"), p.at("content/notes")))
			p.write("content/new/deep/d.md", "new")
			p.write("public/index.html", "made")
			p.want("content/a.md", "content/new/deep/d.md", "content/notes/c.md", "content/posts/c.md")

			// In a folder that came a moment ago.
			p.write("content/new/deep/d.md", "newer")
			p.want("content/new/deep/d.md")
			p.do(os.RemoveAll(p.at("content/new")))
			p.want("content/new/deep/d.md")

			// As many bytes, and the time of before.
			info, err := os.Stat(p.at("content/b.md"))
			p.do(err)
			p.write("content/b.md", "IN STEPS")
			p.do(os.Chtimes(p.at("content/b.md"), info.ModTime(), info.ModTime()))
			if hints {
				p.want("content/b.md")
			}
			p.quiet()
		})
	}
}

// TestNobody changes files while nobody receives, some of them back and forth.
func TestNobody(t *testing.T) {
	t.Parallel()
	p := start(t, Options{})
	p.write("content/a.md", "one")
	time.Sleep(4 * settle)
	p.write("content/b.md", "two")
	p.write("content/e.md", "five")
	time.Sleep(patience + eldest)
	p.want("content/a.md", "content/b.md", "content/e.md")
	p.quiet()
}

// TestClock writes a file twice within a step of the file system's clock.
func TestClock(t *testing.T) {
	t.Parallel()
	p := start(t, Options{NoHints: true})
	when := time.Now()
	p.write("content/a.md", "AAAA")
	p.do(os.Chtimes(p.at("content/a.md"), when, when))
	p.want("content/a.md")
	p.write("content/a.md", "BBBB")
	p.do(os.Chtimes(p.at("content/a.md"), when, when))
	p.want("content/a.md")
}

func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	for i := range 2000 {
		name := filepath.Join(dir, "content", string(rune('a'+i%20)), "post"+string(rune('0'+i%10))+strings.Repeat("x", i/20)+".md")
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte("text"), 0o666), os.Chtimes(name, time.Unix(1e9, 0), time.Unix(1e9, 0))); err != nil {
			b.Fatal(err)
		}
	}
	w := Start(Options{Roots: []string{dir}, NoHints: true})
	for b.Loop() {
		if got := w.look(nil); got != nil {
			b.Fatal(got)
		}
	}
}
