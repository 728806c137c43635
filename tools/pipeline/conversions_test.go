package pipeline

import (
	"reflect"
	"testing"

	"github.com/yuin/goldmark"

	"duskpress/tools/cache"
)

func TestConversions(t *testing.T) {
	store := cache.Open(cache.Options{Dir: t.TempDir()})
	defer store.Close()
	c := &Conversions{store, "settled"}
	for name, want := range map[string]Conversion{
		"empty":    {},
		"contents": {HTML: "<p>x</p>", Contents: &Contents{}},
		"all": {
			HTML: Pack("<p>\x01x</p>"),
			Contents: &Contents{
				Headings:    []Heading{{ID: "a", Title: "A", Level: 2, Headings: []Heading{{ID: "b", Title: "<em>B</em>", Level: 3}}}, {}},
				Identifiers: []string{"a", "b"},
			},
			Asked: []Asked{{Renderer: 1}, {Renderer: 4, HasKind: true, Kind: "go"}, {Renderer: 4, HasKind: true}},
		},
	} {
		key := c.Key([]byte(name))
		if _, ok := c.Get(key); ok {
			t.Errorf("%s was there before", name)
		}
		c.Put(key, want)
		if got, ok := c.Get(key); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, want)
		}
	}
	torn := c.Key([]byte("torn"))
	store.Put(MarkdownKind, torn, []byte{2, 'x'})
	if _, ok := c.Get(torn); ok {
		t.Error("half a conversion was taken")
	}
	for i, other := range []ConversionKey{
		(&Conversions{store, "settled otherwise"}).Key([]byte("all")),
		c.Key([]byte("all.")), c.Key([]byte("all"), ""), c.Key([]byte("all"), "x"), c.Key([]byte("all"), "x", ""),
	} {
		if other == c.Key([]byte("all")) {
			t.Errorf("%d: another key was expected", i)
		}
	}
}

// Nothing is kept unless each plugin that has a hand in bodies says that it may be.
func TestMayKeepConversions(t *testing.T) {
	store := cache.Open(cache.Options{Dir: t.TempDir()})
	defer store.Close()
	markdown := func(*Collection) goldmark.Extender { return nil }
	code := func(Code) (CodeHTML, error) { return CodeHTML{}, nil }
	always := func(*File) bool { return true }
	for name, c := range map[string]struct {
		hooks  []Hooks
		change func(*Pipeline)
		want   bool
	}{
		"no hook":         {nil, nil, true},
		"both say so":     {[]Hooks{{Markdown: markdown, CachedMarkdown: true}, {Code: code, Cached: always}}, nil, true},
		"Markdown silent": {[]Hooks{{Markdown: markdown, CachedMarkdown: true}, {Markdown: markdown}}, nil, false},
		"Code silent":     {[]Hooks{{Code: code}}, nil, false},
		"no cache":        {nil, func(p *Pipeline) { p.Cache = nil }, false},
		"traced":          {nil, func(p *Pipeline) { p.Trace = new(Trace) }, false},
	} {
		p := &Pipeline{Cache: store, Identity: "x"}
		for _, h := range c.hooks {
			p.steps = append(p.steps, step{hooks: h})
		}
		if c.change != nil {
			c.change(p)
		}
		if got := p.conversions() != nil; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	// What a document reports goes on, and it is not kept.
	problems := new(Problems)
	d := NewDocument(nil, func(string) (string, bool) { return "/x/", true }, problems)
	if !d.MayCache() {
		t.Error("a new document may not be kept")
	}
	d.Problems.Add(Problem{Rule: "x", Message: "reported"})
	if list := problems.Sorted(); len(list) != 1 || list[0].Message != "reported" || d.MayCache() {
		t.Errorf("%v, may be kept: %v", list, d.MayCache())
	}
	d = NewDocument(nil, func(string) (string, bool) { return "/x/", true }, problems)
	if to, ok := d.Resolve("x.md"); to != "/x/" || !ok || d.MayCache() {
		t.Errorf("%q, %v, may be kept: %v", to, ok, d.MayCache())
	}
}
