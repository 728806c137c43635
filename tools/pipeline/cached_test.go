package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/cache"
)

// fillIn gives every field below v a value of its own, so that one that is
// forgotten by an encoder or a key is noticed when a field is added.
func fillIn(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillIn(v.Field(i), n)
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range 2 {
			fillIn(s.Index(i), n)
		}
		v.Set(s)
	case reflect.Array:
		for i := range v.Len() {
			fillIn(v.Index(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(v.Elem(), n)
	case reflect.String:
		v.SetString(fmt.Sprintf("text \x01%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Interface:
		v.Set(reflect.ValueOf(fmt.Sprint("any ", *n)))
	case reflect.Func:
	default:
		panic(v.Kind())
	}
}

func TestEncoding(t *testing.T) {
	var full struct {
		Facts    *Facts
		Faults   []Fault
		Problems []Problem
	}
	n := 0
	fillIn(reflect.ValueOf(&full).Elem(), &n)
	empty := full
	empty.Facts, empty.Faults, empty.Problems = &Facts{IDs: []string{}}, []Fault{}, nil
	none := full
	none.Facts, none.Faults, none.Problems = nil, nil, []Problem{}
	for _, c := range []any{full, empty, none} {
		in := reflect.New(reflect.TypeOf(full))
		in.Elem().Set(reflect.ValueOf(c))
		v := reflect.ValueOf(c)
		var e encoder
		e.facts(v.Field(0).Interface().(*Facts))
		e.faults(v.Field(1).Interface().([]Fault))
		e.problems(v.Field(2).Interface().([]Problem))
		out := full
		d := newDecoder(e.buf)
		out.Facts, out.Faults, out.Problems = d.facts(), d.faults(), d.problems()
		if err := d.end(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(c, any(out)); diff != "" {
			t.Errorf("what comes out is not what went in:\n%s", diff)
		}
		for i := range e.buf { // cut anywhere it is an error, and no panic
			d := newDecoder(e.buf[:i])
			d.facts()
			d.faults()
			d.problems()
			if d.end() == nil {
				t.Fatalf("cut at %d of %d it is read", i, len(e.buf))
			}
		}
	}
}

func TestSqueeze(t *testing.T) {
	for _, s := range []string{
		"", "plain", "<span class=\"line\"><span class=\"cl\"><span class=\"nx\">a</span>\n</span></span>", "a\x01b", "\x06", "+", "-",
		`<span class="line"><span class="cl"></span></span></span>">`, "<span", `">">`,
	} {
		if got := unsqueeze(squeeze(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// each visits a copy of v for each field at any depth, in which that field alone
// is another.
func each[T any](full T, skip map[string]bool, visit func(field string, changed T)) {
	var walk func(path string, index []int, typ reflect.Type)
	walk = func(path string, index []int, typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := strings.TrimPrefix(path+"."+f.Name, ".")
			at := append(append([]int(nil), index...), i)
			if skip[name] {
				continue
			}
			if f.Type.Kind() == reflect.Struct {
				walk(name, at, f.Type)
				continue
			}
			changed := full
			n := 5000
			v := reflect.ValueOf(&changed).Elem().FieldByIndex(at)
			if v.Kind() == reflect.Bool {
				v.SetBool(!v.Bool())
			} else {
				fillIn(v, &n)
			}
			visit(name, changed)
		}
	}
	walk("", nil, reflect.TypeOf(full))
}

// TestCodeKey changes every field of a block, and every setting that counts:
// each has to give another key.
func TestCodeKey(t *testing.T) {
	var c Code
	n := 0
	fillIn(reflect.ValueOf(&c).Elem(), &n)
	p := &Pipeline{Identity: "tool"}
	keys := map[cache.Key]string{p.codeKey("settled", c): "nothing changed"}
	add := func(what string, k cache.Key) {
		if other, ok := keys[k]; ok {
			t.Errorf("%s: the key is that of: %s", what, other)
		}
		keys[k] = what
	}
	each(c, map[string]bool{"Problem": true}, func(field string, changed Code) { add(field, p.codeKey("settled", changed)) })
	add("settings", p.codeKey("other", c))
	add("the tool", (&Pipeline{Identity: "tool2"}).codeKey("settled", c))
	none := c
	none.Attributes = nil
	add("no attributes", p.codeKey("settled", none))
	none.Attributes = []CodeAttribute{}
	add("empty attributes", p.codeKey("settled", none))
	none = c
	none.Options.LineNos = true
	add("linenos true", p.codeKey("settled", none))
	none.Options.LineNos = "true"
	add("linenos a text", p.codeKey("settled", none))
}

// TestFileKey does so for files. What a hook sets is no part of it.
func TestFileKey(t *testing.T) {
	f := File{Path: "a.html", Kind: Rendered, MediaType: "text/html", URL: "u", Origin: "o", Data: []byte("data"), Content: &Content{Path: "a.md"}}
	p := &Pipeline{Identity: "tool"}
	keys := map[cache.Key]string{p.fileKey("settled", &f): "nothing changed"}
	add := func(what string, k cache.Key) {
		if other, ok := keys[k]; ok {
			t.Errorf("%s: the key is that of: %s", what, other)
		}
		keys[k] = what
	}
	skip := map[string]bool{"Content": true, "Resolve": true, "RawSize": true, "Size": true, "SHA256": true, "Open": true, "Facts": true, "Faults": true, "Data": true}
	each(f, skip, func(field string, changed File) { add(field, p.fileKey("settled", &changed)) })
	for what, change := range map[string]func(*File){
		"the bytes":        func(f *File) { f.Data = []byte("dato") },
		"no content":       func(f *File) { f.Content = nil },
		"another content":  func(f *File) { f.Content = &Content{Path: "b.md"} },
		"an empty content": func(f *File) { f.Content = &Content{Path: "a.md", Blank: true} },
	} {
		changed := f
		change(&changed)
		add(what, p.fileKey("settled", &changed))
	}
	add("settings", p.fileKey("other", &f))
	add("the tool", (&Pipeline{Identity: "tool2"}).fileKey("settled", &f))
}

// TestSettled has every setting that hooks with Cached may depend on change the
// text that stands for them.
func TestSettled(t *testing.T) {
	make := func(change func(*Settings)) string {
		s := Settings{
			Params:  map[string]any{"plugins": map[string]any{"a": map[string]any{"x": 1}, "b": map[string]any{"x": 1}}},
			Section: func(string) any { return struct{ N int }{1} },
		}
		change(&s)
		return (&Pipeline{settings: s}).settled(step{Plugin: Plugin{Name: "a"}})
	}
	plain := make(func(*Settings) {})
	for what, change := range map[string]func(*Settings){
		"its table": func(s *Settings) { s.Params["plugins"].(map[string]any)["a"] = map[string]any{"x": 2} },
		"compat":    func(s *Settings) { s.Compat = true },
		"minify":    func(s *Settings) { s.Minify = true },
		"[minify]":  func(s *Settings) { s.Section = func(string) any { return struct{ N int }{2} } },
	} {
		if make(change) == plain {
			t.Errorf("%s makes no difference", what)
		}
	}
	if make(func(s *Settings) { s.Params["plugins"].(map[string]any)["b"] = 2 }) != plain {
		t.Error("another plugin's table makes a difference")
	}
}

// A memoryStore is a site's files in memory; those of the site before can be
// used again.
type memoryStore struct {
	*DirStore
	before map[string]*File
	reused int
}

func (m *memoryStore) Reuse(path string, sum [32]byte, size int64) bool {
	f := m.before[path]
	if f == nil || f.SHA256 != sum || f.Size != size {
		return false
	}
	m.reused++
	return true
}

// TestFilePhaseIsKept runs the File phase over the same bytes again: hooks that
// may be kept are not called, what they said is said again, and hooks that may
// not be kept are called each time.
func TestFilePhaseIsKept(t *testing.T) {
	dir := t.TempDir()
	calls := 0
	pure := func(*File) bool { return true }
	run := func(data string, cached func(*File) bool, fail bool) (*File, []Problem, *memoryStore) {
		problems := new(Problems)
		store := &memoryStore{DirStore: NewDirStore(t.TempDir()), before: map[string]*File{}}
		hook := func(_ context.Context, f *File, problems *Problems) error {
			calls++
			f.Data = []byte(strings.ToUpper(string(f.Data)))
			f.Facts = &Facts{Title: "t"}
			problems.Add(Problem{File: "a.md", Rule: "x", Message: "said"})
			if fail {
				return errors.New("failed")
			}
			return nil
		}
		p := &Pipeline{
			steps: []step{{Plugin{Name: "up"}, Hooks{File: hook, Cached: cached}}}, problems: problems, log: slog.New(slog.DiscardHandler),
			Cache: cache.Open(cache.Options{Dir: dir}), Identity: "tool",
		}
		p.files, p.settledFiles = p.fileSteps()
		site := &Site{Problems: problems, store: store, files: make(map[string]*File)}
		f := &File{Path: "a.html", MediaType: "text/html", Data: []byte(data)}
		// What was published before is what this would make.
		want := &File{Path: "a.html", Size: int64(len(data))}
		want.SHA256 = sum(strings.ToUpper(data))
		store.before["a.html"] = want
		if err := p.file(t.Context(), site, f); (err != nil) != fail {
			t.Fatal(err)
		}
		p.Cache.Close()
		return f, problems.Sorted(), store
	}
	for i, c := range []struct {
		data  string
		pure  func(*File) bool
		fail  bool
		calls int // in all
	}{
		{"one", pure, true, 1}, // what failed is not kept
		{"one", pure, false, 2},
		{"one", pure, false, 2}, // kept
		{"two", pure, false, 3},
		{"one", nil, false, 4}, // may not be kept
		{"one", func(*File) bool { return false }, false, 5},
		{"two", pure, false, 5},
	} {
		f, problems, store := run(c.data, c.pure, c.fail)
		if calls != c.calls {
			t.Errorf("%d: %d calls, want %d", i, calls, c.calls)
		}
		if c.fail {
			continue
		}
		if f.SHA256 != sum(strings.ToUpper(c.data)) || f.Facts == nil || f.Facts.Title != "t" || f.RawSize != 3 || len(problems) != 1 || store.reused != 1 || f.Data != nil {
			t.Errorf("%d: %+v, %v, reused %d", i, f, problems, store.reused)
		}
	}
}

func sum(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// TestKept has what is made of a file come back with every field, for the same
// bytes and maker alone.
func TestKept(t *testing.T) {
	type part struct {
		S string
		L []string
		N int
		B bool
	}
	type value struct {
		Parts []part
		None  []string
		Empty []part
		P     part
	}
	var want value
	n := 0
	fillIn(reflect.ValueOf(&want).Elem(), &n)
	want.None, want.Empty, want.P.S = nil, []part{}, "not UTF-8: \xff"
	dir := t.TempDir()
	made := 0
	get := func(what, identity string, data string, fail bool) value {
		s := &Site{Cache: cache.Open(cache.Options{Dir: dir}), Identity: identity}
		defer s.Cache.Close()
		got, err := Kept(s, SearchKind, what, &File{SHA256: sum(data)}, func() (value, error) {
			made++
			if fail {
				return value{}, errors.New("failed")
			}
			return want, nil
		})
		if (err != nil) != fail {
			t.Fatal(err)
		}
		return got
	}
	for i, c := range []struct {
		what, identity, data string
		fail                 bool
		made                 int
	}{
		{"a", "t", "x", true, 1},
		{"a", "t", "x", false, 2},
		{"a", "t", "x", false, 2},
		{"b", "t", "x", false, 3},
		{"a", "u", "x", false, 4},
		{"a", "t", "y", false, 5},
		{"a", "", "x", false, 6}, // nobody knows what the tool is
		{"a", "t", "x", false, 6},
	} {
		got := get(c.what, c.identity, c.data, c.fail)
		if made != c.made {
			t.Errorf("%d: made %d times, want %d", i, made, c.made)
		}
		if diff := cmp.Diff(want, got); diff != "" && !c.fail {
			t.Errorf("%d: %s", i, diff)
		}
	}
}
