package layout

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

const module = "duskpress/tools"

// may says what else of the module a package imports, by its directory below
// tools/; tests are held to it as well, but that any of them and the packages
// below internal/ may import internal/sitetest and internal/testenv. A new package
// needs a line here: if that line is hard to justify, the code is in the wrong
// place.
//
//	main -> plugins, hugo, publish, report, serve -> pipeline
var may = map[string][]string{
	".":        {"cache", "convert", "deploy", "explain", "external", "folder", "headers", "hugo", "inputs", "netlify", "note", "pipeline", "plugins", "probe", "publish", "report", "serve", "starter", "stats", "watch"},
	"plugins":  {"csp", "external", "formats", "frontmatter", "headers", "highlight", "imagesize", "linkcheck", "minify", "origin", "page", "pipeline", "search", "sourcemap", "twin"},
	"hugo":     {"frontmatter", "minify", "pipeline", "templates"},
	"report":   {"pipeline"},
	"explain":  {"headers", "pipeline", "sourcemap"},
	"pipeline": {"cache"},
	"csp":      {"pipeline"},
	"page":     {"csp", "formats", "pipeline"},
	"headers":  {},
	"publish":  {"marks"},
	"marks":    {},
	"inputs":   {"marks"},
	"serve":    {"headers"},
	"watch":    {},
	"deploy":   {"headers"},
	"netlify":  {"deploy"},
	"folder":   {"deploy"},
	"probe":    {},
	// Pages are looked at with the headers that their host sends.
	"internal/browser": {"serve"},
	// And as Netlify sends them.
	"internal/fakenetlify": {"headers"},
	"formats":              {},
	"highlight":            {},
	"imagesize":            {},
	"minify":               {},
	"sourcemap":            {},
	"frontmatter":          {},
	"templates":            {},
	"search":               {"internal/browser"}, // its tests run the theme's script against it
	"twin":                 {},
	// Links: what leads where, and where in the sources it stands.
	"linkcheck": {"csp", "headers", "pipeline"},
	"origin":    {"pipeline", "sourcemap"},
	"external":  {},
	"cache":     {},
	"bench":     {},
	"note":      {"frontmatter"}, // new: a file to start from
	"convert":   {"note", "pipeline"},
	"stats":     {"external", "pipeline"},
	"probes":    {},
	"starter":   {"note", "probes"}, // and the theme and layouts, which are no tools
}

// allowed is what a package may import of the module. Those below internal/ are
// for tests: they see the tool from outside, compiled, but for what has a line.
func allowed(dir string) (list []string, known bool) {
	list, known = may[dir]
	return list, known || strings.HasPrefix(dir, "internal/")
}

// only says which packages import a module of other people's; below it counts
// too.
var only = map[string][]string{
	"github.com/gohugoio/hugo": {"hugo"},
	"github.com/spf13/afero":   {"hugo"},
}

// pipelineImports are what pipeline imports beside the standard library.
var pipelineImports = []string{"github.com/yuin/goldmark", "golang.org/x/sync/errgroup"}

// goStatements are the functions that may start a goroutine with a bare go, as
// "file: function", and why. Tests may, since a test waits for what it starts.
var goStatements = map[string]string{}

// exits are the files that may end the process. Tests may.
var exits = []string{"main.go", "bench/main.go"}

// longest is the number of lines from which a file is to be split by concept.
const longest = 600

type source struct {
	file string // below tools/, with slashes
	test bool
	data []byte
	ast  *ast.File
	fset *token.FileSet
}

// dir is the source's package.
func (s source) dir() string { return path.Dir(s.file) }

func (s source) at(p token.Pos) string {
	pos := s.fset.Position(p)
	return fmt.Sprintf("tools/%s:%d:%d", s.file, pos.Line, pos.Column)
}

// sources parses every Go file below tools/, whatever its build tags.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join(sitetest.Root(t), "tools")
	var all []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s := source{file: filepath.ToSlash(rel), test: strings.HasSuffix(name, "_test.go"), data: data, fset: token.NewFileSet()}
		if s.ast, err = parser.ParseFile(s.fset, name, data, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 40 {
		t.Fatalf("%d files below %s: this is not the place", len(all), root)
	}
	return all
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := refuse(s.dir(), name, s.test); why != "" {
				t.Errorf("%s: %s", s.at(spec.Pos()), why)
			}
		}
	}
}

// refuse says why a package must not import another one, or nothing.
func refuse(dir, name string, test bool) string {
	own := name == module || strings.HasPrefix(name, module+"/")
	if own {
		to := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
		list, known := allowed(dir)
		switch {
		case !known:
			return fmt.Sprintf("tools/%s is a package that tools/internal/layout does not know: say in `may` what it imports, and keep the arrows pointing one way", dir)
		case to == dir, (to == "internal/sitetest" || to == "internal/testenv" || to == "internal/fakenetlify") && (test || strings.HasPrefix(dir, "internal/")):
			return ""
		case to == "plugins" && dir != ".":
			return fmt.Sprintf("tools/%s imports plugins; only package main does, for what they register", dir)
		case !slices.Contains(list, to):
			return fmt.Sprintf("tools/%s imports %s; of this module it may import %s", dir, name, orNothing(list))
		}
		return ""
	}
	for prefix, dirs := range only {
		if within(name, prefix) && !slices.Contains(dirs, dir) {
			return fmt.Sprintf("tools/%s imports %s; only tools/%s does: give it what is needed through an interface or a type of pipeline", dir, name, strings.Join(dirs, ", tools/"))
		}
	}
	if dir == "pipeline" && !test && !standard(name) && !slices.ContainsFunc(pipelineImports, func(p string) bool { return within(name, p) }) {
		return fmt.Sprintf("pipeline imports %s; beside the standard library it may import %s", name, strings.Join(pipelineImports, ", "))
	}
	return ""
}

// TestRefuse plants the faults that TestImports is for.
func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		dir, name string
		test, bad bool
	}{
		{"hugo", "github.com/gohugoio/hugo/hugolib", false, false},
		{"hugo", "github.com/spf13/afero", true, false},
		{"plugins", "github.com/gohugoio/hugo/helpers", false, true},
		{".", "github.com/gohugoio/hugo", false, true},
		{".", "github.com/spf13/afero/mem", true, true},
		{".", "github.com/spf13/aferox", false, false},
		{"internal/sitetest", "github.com/spf13/afero", false, true},
		{"pipeline", "golang.org/x/sync/errgroup", false, false},
		{"pipeline", "github.com/yuin/goldmark/ast", false, false},
		{"pipeline", "github.com/yuin/goldmark-highlighting/v2", false, true},
		{"pipeline", "golang.org/x/net/html", false, true},
		{"pipeline", "github.com/google/go-cmp/cmp", true, false},
		{"pipeline", module + "/plugins", true, true},
		{"pipeline", module + "/hugo", false, true},
		{"plugins", module + "/hugo", false, true},
		{"plugins", module + "/publish", false, true},
		{"plugins", module + "/report", false, true},
		{"plugins", module + "/pipeline", false, false},
		{"plugins", module + "/internal/sitetest", false, true},
		{"plugins", module + "/internal/sitetest", true, false},
		{"publish", module + "/pipeline", false, true},
		{"report", module + "/publish", false, true},
		{"internal/wholebuild", module + "/hugo", true, true},
		{"internal/wholebuild", module + "/internal/sitetest", true, false},
		{"internal/browser", module + "/serve", true, false},
		{"internal/browser", module + "/pipeline", true, true},
		{"serve", module + "/pipeline", false, true},
		{"hugo", module + "/plugins", true, true},
		{"hugo", module, false, true},
		{".", module + "/plugins", false, false},
		{"new", module + "/pipeline", false, true},
	} {
		if why := refuse(c.dir, c.name, c.test); (why != "") != c.bad {
			t.Errorf("%s (test %v) imports %s: %q", c.dir, c.test, c.name, why)
		}
	}
}

// TestKnown finds lines of `may` for packages that are gone, and packages
// without one.
func TestKnown(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range sources(t) {
		if _, ok := allowed(s.dir()); !ok && !seen[s.dir()] {
			t.Errorf("tools/%s is a package that tools/internal/layout does not know: say in `may` what it imports", s.dir())
		}
		seen[s.dir()] = true
	}
	for dir := range may {
		if !seen[dir] {
			t.Errorf("`may` has a line for tools/%s, which has no Go files", dir)
		}
	}
}

func TestExit(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || slices.Contains(exits, s.file) {
			continue
		}
		for _, call := range calls(s.ast) {
			switch call.name {
			case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "syscall.Exit", "runtime.Goexit":
				t.Errorf("%s: %s; only main ends the process: return an error", s.at(call.pos), call.name)
			}
		}
	}
}

func TestGoStatements(t *testing.T) {
	used := make(map[string]bool)
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, decl := range s.ast.Decls {
			name := "a variable"
			if f, ok := decl.(*ast.FuncDecl); ok {
				name = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				g, ok := n.(*ast.GoStmt)
				if !ok {
					return true
				}
				key := s.file + ": " + name
				used[key] = true
				if _, ok := goStatements[key]; !ok {
					t.Errorf("%s: a bare go in %s: let an errgroup with a limit run it, or add %q to `goStatements` with the reason", s.at(g.Pos()), name, key)
				}
				return true
			})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(goStatements)) {
		if !used[key] {
			t.Errorf("`goStatements` allows %q, which has none", key)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, s := range sources(t) {
		want, err := format.Source(s.data)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(want, s.data) {
			continue
		}
		a, b := strings.Split(string(s.data), "\n"), strings.Split(string(want), "\n")
		line := 0
		for line < min(len(a), len(b))-1 && a[line] == b[line] {
			line++
		}
		t.Errorf("tools/%s:%d: not as gofmt has it: have %q, want %q", s.file, line+1, a[line], b[line])
	}
}

func TestLength(t *testing.T) {
	for _, s := range sources(t) {
		if n := bytes.Count(s.data, []byte("\n")); n >= longest {
			t.Errorf("tools/%s has %d lines: split it by concept, it is to have fewer than %d", s.file, n, longest)
		}
	}
}

// TestPackageComment wants a comment on each package that is not a test alone.
func TestPackageComment(t *testing.T) {
	has := make(map[string]bool)
	for _, s := range sources(t) {
		if !s.test {
			has[s.dir()] = has[s.dir()] || s.ast.Doc != nil
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(has)) {
		if !has[dir] {
			t.Errorf("package tools/%s has no comment: say what enters, what leaves, and what it never does", dir)
		}
	}
}

type call struct {
	name string
	pos  token.Pos
}

// calls lists what a file takes from other packages by name, called or not.
func calls(f *ast.File) []call {
	// A package goes by the name that its import gives it.
	imported := make(map[string]string)
	for _, spec := range f.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = p
	}
	var all []call
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && imported[x.Name] != "" {
				all = append(all, call{imported[x.Name] + "." + sel.Sel.Name, sel.Pos()})
			}
		}
		return true
	})
	return all
}

func within(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

// standard reports whether an import path is of the standard library: its first
// element has no dot.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".") && !within(name, "duskpress")
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
