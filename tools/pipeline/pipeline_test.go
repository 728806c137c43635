package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func plugin(name string, after ...string) Plugin {
	return Plugin{Name: name, After: after, New: func(*Setup) (Hooks, error) {
		return Hooks{Collect: func(context.Context, *Collection) error { return nil }}, nil
	}}
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name    string
		plugins []Plugin
		want    string
		err     string
	}{
		{"by name, not by registration", []Plugin{plugin("c"), plugin("a"), plugin("b")}, "a b c", ""},
		{"after wins over the name", []Plugin{plugin("a", "c"), plugin("b"), plugin("c")}, "b c a", ""},
		{"a chain", []Plugin{plugin("a", "b"), plugin("b", "c"), plugin("c")}, "c b a", ""},
		{"a cycle", []Plugin{plugin("a", "b"), plugin("b", "c"), plugin("c", "b")}, "", "plugins wait for each other: b after c after b"},
		{"itself", []Plugin{plugin("a", "a")}, "", "a after a"},
		{"a name that is not there", []Plugin{plugin("minify"), plugin("a", "minfy")}, "", `"minfy", which is not there; did you mean "minify"?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := new(Registry)
			for _, p := range tt.plugins {
				r.Register(p)
			}
			ordered, err := r.order()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range ordered {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("order %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRegisterPanics(t *testing.T) {
	for name, register := range map[string]func(*Registry){
		"twice":    func(r *Registry) { r.Register(plugin("a")); r.Register(plugin("a")) },
		"bad name": func(r *Registry) { r.Register(plugin("A b")) },
		"no New":   func(r *Registry) { r.Register(Plugin{Name: "a"}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			register(new(Registry))
		})
	}
}

func TestNearest(t *testing.T) {
	words := []string{"design", "testing", "go", "outages", "resign"}
	for word, want := range map[string]string{
		"desing": "design", "dezign": "design", "tseting": "testing", "Go": "go", "g": "go", "outage": "outages", "cooking": "", "x": "", "": "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestConfiguration(t *testing.T) {
	type config struct {
		Limit int               `json:"limit"`
		Names map[string]string `json:"names"`
	}
	var got config
	r := new(Registry)
	r.Register(Plugin{Name: "p", New: func(s *Setup) (Hooks, error) {
		got = config{Limit: 3}
		return Hooks{}, s.Decode(&got)
	}})
	tests := []struct {
		name   string
		params map[string]any
		want   config
		err    string
	}{
		{"defaults", nil, config{Limit: 3}, ""},
		{"set", map[string]any{"plugins": map[string]any{"p": map[string]any{"names": map[string]any{"a": "b"}}}}, config{3, map[string]string{"a": "b"}}, ""},
		{"unknown key", map[string]any{"plugins": map[string]any{"p": map[string]any{"limt": 1}}}, config{}, `unknown key "limt"; did you mean "limit"?`},
		{"wrong type", map[string]any{"plugins": map[string]any{"p": map[string]any{"limit": "x"}}}, config{}, "limit must be a int, not a string"},
		{"unknown plugin", map[string]any{"plugins": map[string]any{"q": map[string]any{}}}, config{}, `unknown plugin "q"; did you mean "p"?`},
		{"unknown table", map[string]any{"plugin": 1}, config{}, `unknown key "plugin"; did you mean "plugins"?`},
		{"unknown rule", map[string]any{"rules": map[string]any{"colision": "off"}}, config{}, `unknown rule "colision"; did you mean "collision"?`},
		{"unknown severity", map[string]any{"rules": map[string]any{"date": "fatal"}}, config{}, `rule "date" is set to fatal, want one of error, warning, off`},
		{"disabled is no bool", map[string]any{"plugins": map[string]any{"p": map[string]any{"disabled": "yes"}}}, config{}, "disabled must be true or false, not yes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := new(Problems)
			pl, err := New(r, Settings{Params: tt.params}, problems, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if tt.err != "" {
				list := problems.Sorted()
				if pl != nil || len(list) != 1 || !strings.Contains(list[0].Message, tt.err) {
					t.Fatalf("problems %v, want %q", list, tt.err)
				}
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" || problems.Failed() {
				t.Errorf("%s%v", d, problems.Sorted())
			}
		})
	}
}

func TestProblems(t *testing.T) {
	ps := new(Problems)
	ps.Configure(Rules{"date": "off", "toc": "warning", "tag-variant": "error"}, false)
	ps.Add(Problem{File: "b", Line: 1, Severity: Error, Rule: "date"})
	ps.Add(Problem{File: "b", Line: 2, Severity: Error, Rule: "toc"})
	ps.Add(Problem{File: "a", Line: 9, Severity: Warning, Rule: "tag-variant"})
	ps.Add(Problem{File: "b", Line: 2, Severity: Error, Rule: "toc"})
	want := []Problem{{File: "a", Line: 9, Severity: Error, Rule: "tag-variant"}, {File: "b", Line: 2, Severity: Warning, Rule: "toc"}}
	if d := cmp.Diff(want, ps.Sorted()); d != "" {
		t.Error(d)
	}
	if e, w := ps.Count(); e != 1 || w != 1 {
		t.Errorf("%d errors and %d warnings, want 1 and 1", e, w)
	}

	gentle := new(Problems)
	gentle.Configure(nil, true)
	gentle.Add(Problem{Severity: Error, Rule: "shortcode"})
	if gentle.Failed() {
		t.Error("a rule stopped the compat profile")
	}
	gentle.Add(Problem{Severity: Error, Rule: "collision"})
	if !gentle.Failed() {
		t.Error("a collision did not stop the compat profile")
	}
}

// engine is a site of two files.
type engine struct{ fail error }

func (engine) Settings() Settings { return Settings{} }
func (engine) Collect(context.Context) (*Collection, error) {
	return &Collection{Problems: new(Problems)}, nil
}
func (e engine) Render(_ context.Context, job RenderJob) (int, error) {
	for _, p := range []string{"b.html", "a.html"} {
		if err := job.Sink(&File{Path: p, Data: []byte("<p>" + p)}); err != nil {
			return 0, err
		}
	}
	return 2, e.fail
}

func TestRun(t *testing.T) {
	var calls []string
	r := new(Registry)
	r.Register(Plugin{Name: "all", New: func(*Setup) (Hooks, error) {
		return Hooks{
			Collect: func(context.Context, *Collection) error { calls = append(calls, "collect"); return nil },
			File: func(_ context.Context, f *File, _ *Problems) error {
				f.Data = append(f.Data, "!"...)
				return nil
			},
			Generate: func(_ context.Context, s *Site) error {
				calls = append(calls, "generate")
				if err := s.Add("a.html", nil); err == nil {
					t.Error("a taken path was given again")
				}
				if err := s.Add("../x", nil); err == nil {
					t.Error("a path out of the site was taken")
				}
				return s.Add("index.json", []byte("{}"))
			},
			Finish: func(_ context.Context, s *Site) error {
				calls = append(calls, "finish")
				return s.Rewrite(s.File("b.html"), []byte("new"))
			},
			Check: func(_ context.Context, s *Site) error {
				calls = append(calls, "check")
				return nil
			},
		}, nil
	}})
	problems := new(Problems)
	pl, err := New(r, Settings{}, problems, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	store := NewDirStore(t.TempDir())
	site, err := pl.Run(t.Context(), engine{}, store)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, f := range site.Files() {
		b, err := site.Read(f.Path)
		if err != nil || int64(len(b)) != f.Size {
			t.Errorf("%s: %v, %d bytes, size %d", f.Path, err, len(b), f.Size)
		}
		got[f.Path] = string(b)
	}
	want := map[string]string{"a.html": "<p>a.html!", "b.html": "new", "index.json": "{}!"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"collect", "generate", "finish", "check"}, calls); d != "" {
		t.Error(d)
	}

	fault := errors.New("planted")
	if _, err := pl.Run(t.Context(), engine{fail: fault}, NewDirStore(t.TempDir())); !errors.Is(err, fault) {
		t.Errorf("error %v, want the engine's", err)
	}
}

func TestDirStoreStaysInside(t *testing.T) {
	s := NewDirStore(t.TempDir())
	for _, p := range []string{"../x", "/x", "a/../../x", "", ".."} {
		if err := s.Write(p, nil); err == nil {
			t.Errorf("Write(%q) succeeded", p)
		}
	}
}
