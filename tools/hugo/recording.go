package hugo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gohugoio/hugo/identity"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/gohugoio/hugo/tpl"
)

// compared are the values made of a body that an edit may leave as they were.
// The others are taken for changed.
var compared = map[string]func(context.Context, page.Page) any{
	"Fragments": func(ctx context.Context, p page.Page) any {
		f := p.Fragments(ctx)
		if f == nil { // of a page in HTML, say
			return nil
		}
		return []any{f.Headings, f.Identifiers}
	},
	"FuzzyWordCount":  func(ctx context.Context, p page.Page) any { return p.FuzzyWordCount(ctx) },
	"Len":             func(ctx context.Context, p page.Page) any { return p.Len(ctx) },
	"ReadingTime":     func(ctx context.Context, p page.Page) any { return p.ReadingTime(ctx) },
	"Summary":         func(ctx context.Context, p page.Page) any { return p.Summary(ctx) },
	"TableOfContents": func(ctx context.Context, p page.Page) any { return p.TableOfContents(ctx) },
	"Truncated":       func(ctx context.Context, p page.Page) any { return p.Truncated(ctx) },
	"WordCount":       func(ctx context.Context, p page.Page) any { return p.WordCount(ctx) },
}

// recording is what an engine notes while it renders, for Record.
type recording struct {
	mu     sync.Mutex
	values map[string]map[string]string
	once   sync.Once
	names  map[string]bool // see named
	// rendering is set once pages are put together; looked is a content file that
	// something asked for by its name since then.
	rendering bool
	looked    string
	// writes are all files in the order in which Hugo wrote them.
	writes []write
}

// A write is one file, the goroutine that wrote it, and the one that began that.
type write struct {
	path              string
	goroutine, parent string
}

// noteWrite keeps the order of writes, from which it follows who published an
// asset: a worker of Hugo's renders one output after the other, publishes what that
// has, itself or by goroutines that it waits for, and then writes it. A body is
// converted in a goroutine of its own.
func (e *Engine) noteWrite(path string) {
	if !e.opts.Record {
		return
	}
	size := 40 // "goroutine 123 [running]:"
	if _, owned := e.pages.owners[path]; !owned {
		size = 64 << 10 // and at the end: "created by f in goroutine 122"
	}
	buf := make([]byte, size)
	stack := string(buf[:runtime.Stack(buf, false)])
	_, id, _ := strings.Cut(stack, " ")
	id, _, _ = strings.Cut(id, " ")
	parent := ""
	if i := strings.LastIndex(stack, " in goroutine "); i >= 0 && strings.Contains(stack, "\ncreated by ") {
		parent, _, _ = strings.Cut(stack[i+len(" in goroutine "):], "\n")
	}
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	e.recording.writes = append(e.recording.writes, write{path, id, parent})
}

// An event is one output that was written. Hugo renders one language and format
// after the other, each of which is a stage; that of a page in no list is unknown.
type event struct{ owner, stage string }

// publishers are for each asset the outputs, one of which published it first: what
// the worker wrote next that published it, or began the goroutine that did; where it
// was neither, what each worker wrote next in the same stage.
func (e *Engine) publishers(output func(path string) (event, bool), asset func(path string) bool) map[string][]string {
	m := make(map[string][]string)
	next := make(map[string]event) // by goroutine
	stage := ""
	for _, w := range slices.Backward(e.recording.writes) {
		if ev, ok := output(w.path); ok {
			next[w.goroutine] = ev
			if ev.stage != "" {
				stage = ev.stage
			}
			continue
		}
		if !asset(w.path) {
			continue
		}
		var list []string
		exact, ok := next[w.goroutine]
		if !ok {
			exact, ok = next[w.parent]
		}
		if ok {
			m[w.path] = []string{exact.owner}
			continue
		}
		for _, ev := range next {
			if ev.stage == stage || ev.stage == "" {
				list = append(list, ev.owner)
			}
		}
		slices.Sort(list)
		m[w.path] = slices.Compact(list)
	}
	return m
}

// values sums what is made of a page's body, as the output format has it that is
// being rendered: the values of these names, as far as they are compared.
func (e *Engine) values(ctx context.Context, p page.Page, names iter.Seq[string]) map[string]string {
	m := make(map[string]string)
	for name := range names {
		if of := compared[name]; of != nil {
			m[name] = digest(of(ctx, p))
		}
	}
	return m
}

// named are the values that a template of the site has a use for. To count the
// words of all pages takes time, and where nobody asks nobody misses it: a value
// that a build did not sum is taken for changed by the next one.
func (r *recording) named(reading func() (*reading, error)) map[string]bool {
	r.once.Do(func() {
		r.names = make(map[string]bool)
		all, err := reading()
		if err != nil {
			return // Record fails of it, too
		}
		for _, t := range all.set {
			maps.Copy(r.names, t.Names)
			maps.Copy(r.names, t.Keys)
		}
	})
	return r.names
}

func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		data = fmt.Appendf(nil, "%#v", v)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// renderContext is the one in which Hugo renders a page.
func (e *Engine) renderContext(p page.Page) context.Context {
	ctx := e.sites.Sites[0].TemplateStore.PrepareTopLevelRenderCtx(context.Background(), p)
	if d, ok := p.(identity.DependencyManagerScopedProvider); ok {
		ctx = tpl.Context.DependencyManagerScopedProvider.Set(ctx, d)
	}
	return ctx
}

// noteValues keeps the values of a page whose HTML was just rendered.
func (e *Engine) noteValues(path string) {
	o, ok := e.pages.owners[path]
	if !e.opts.Record || !ok || o.page == nil || o.alias || o.content == nil || o.format != "html" {
		return
	}
	if !converted(o.page) {
		return // nobody asked for it, and to do so might publish, or fail
	}
	values := e.values(e.renderContext(o.page), o.page, maps.Keys(e.recording.named(e.readingOf)))
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	if e.recording.values == nil {
		e.recording.values = make(map[string]map[string]string)
	}
	e.recording.values[o.content.Path] = values
}

// lookedAt notes that something asked for a content file by its name, after pages
// were put together: that is a template.
func (e *Engine) lookedAt(name string) {
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	if e.recording.rendering && e.byFilename[name] != nil {
		e.recording.looked = name
	}
}

// renders says that pages are put together.
func (r *recording) renders() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rendering = true
}

// visible sums what is seen of each content file, and of the pages that Hugo
// made of it, without the body.
func (e *Engine) visible() map[string]string {
	pages := make(map[string][]any)
	for _, p := range e.pages.all {
		f := p.File()
		if f == nil {
			continue
		}
		c := e.byFilename[f.Filename()]
		if c == nil {
			continue
		}
		pages[c.Path] = append(pages[c.Path], []any{
			p.Path(), p.Kind(), p.Lang(), p.Type(), p.Layout(), p.RelPermalink(), p.Title(), p.LinkTitle(), p.Description(), p.Keywords(), p.Weight(), p.Draft(),
			p.Date(), p.Lastmod(), p.PublishDate(), p.ExpiryDate(), p.Aliases(), plain(map[string]any(p.Params())),
		})
	}
	m := make(map[string]string)
	for _, c := range e.collection.Contents {
		m[c.Path] = digest([]any{c.Path, c.Logical, c.Language, c.LeftOut, c.Blank, c.FrontMatter, pages[c.Path]})
	}
	return m
}
