package faultstorm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// A want is one problem that has to be reported, or one line of the ledger.
type want struct {
	fault    string
	rule     string
	severity string
	file     string
	line     int
	col      int
	says     string // part of the message
	left     bool   // the file is in the ledger, and says is part of the reason
}

// String is a want without what its message says.
func (w want) String() string {
	if w.left {
		return w.file + ": left out"
	}
	return fmt.Sprintf("%s:%d:%d: %s [%s]", w.file, w.line, w.col, w.severity, w.rule)
}

// A site is one that is being written, clean until faults are planted.
type site struct {
	*rand.Rand
	theme bool   // with the repository's theme, templates and configuration; else with those below
	base  string // path of baseURL
	files map[string]string
	posts []*post
	top   []string // lines of the configuration before its tables
	after []string // lines behind it
	args  []string // for the command
	git   func(t *testing.T, dir string)
	links map[string]string // symbolic links, by name
	wants []want
	fault string // being planted
	count int    // of names that were made up
	base0 string // the line of baseURL
}

// A post is a content file that faults may be planted in.
type post struct {
	s      *site
	name   string // its file
	format string // toml, yaml, json or headings
	title  string
	keys   [][2]string // keys and values as in TOML, which do for YAML and JSON
	marks  map[string]string
	body   []string // blocks
	raw    string   // instead of all that
	own    bool     // taken by a fault that wants it for itself
	shared bool     // has a fault of those that stand in one of its blocks
}

// mark returns what stands in a file where a problem is expected.
func (s *site) mark(rule, severity, says string) string {
	s.wants = append(s.wants, want{fault: s.fault, rule: rule, severity: severity, says: says})
	return fmt.Sprintf("\ue000%d\ue001", len(s.wants)-1)
}

func (s *site) err(rule, says string) string  { return s.mark(rule, "error", says) }
func (s *site) warn(rule, says string) string { return s.mark(rule, "warning", says) }

// whole expects a problem of a file, or of none at all.
func (s *site) whole(rule, severity, file, says string) {
	s.wants = append(s.wants, want{fault: s.fault, rule: rule, severity: severity, file: file, says: says, line: -1})
}

// leaves expects a line of the ledger.
func (s *site) leaves(file, says string) {
	s.wants = append(s.wants, want{fault: s.fault, file: file, says: says, left: true, line: -1})
}

// name makes up a word that nothing else of the site has.
func (s *site) name(prefix string) string {
	s.count++
	const letters = "bcdfghjklmnpqrstvwxz"
	n := s.count + len(letters)
	for {
		prefix += string(letters[n%len(letters)])
		if n /= len(letters); n == 0 {
			return prefix
		}
	}
}

var words = strings.Fields(`queue retry lease shard batch commit replica budget window backoff deadline cursor token
	offset trace sample bucket gauge kernel socket buffer journal snapshot ledger quorum epoch fence gossip heartbeat
	日本語 naïve œuvre größer 測試 шум`)

func (s *site) sentence() string {
	n := 6 + s.IntN(9)
	list := make([]string, n)
	for i := range list {
		list[i] = words[s.IntN(len(words))]
	}
	list[0] = []string{"The", "Every", "No", "One"}[s.IntN(4)]
	return strings.Join(list, " ") + "."
}

func (s *site) paragraph() string {
	list := make([]string, 1+s.IntN(4))
	for i := range list {
		list[i] = s.sentence()
	}
	return strings.Join(list, " ")
}

// block is one clean block of Markdown. Headings are of the second level, and
// no two are alike.
func (s *site) block() string {
	switch s.IntN(8) {
	case 0:
		return "## " + s.name("Part ")
	case 1:
		return "- " + s.sentence() + "\n- " + s.sentence() + "\n  - " + s.sentence()
	case 2:
		return "```go\nfunc f() { return } // [x] (https://x.example/) **a **\n```"
	case 3:
		return "> " + s.paragraph()
	case 4:
		return "| a | b |\n|---|---|\n| `x` | " + s.sentence() + " |"
	case 5:
		return "A [link](" + s.base + "about/), *some* **marks**, `{{ .Code }}`, a note.[^1]\n\n[^1]: " + s.sentence()
	default:
		return s.paragraph()
	}
}

// tags are those of clean posts: each is in many, and none is nearly another.
var tags = []string{"queues", "outages", "design", "kernels"}

// newSite writes a clean site of eight to twelve posts in all forms.
func newSite(seed uint64, theme bool) *site {
	s := &site{Rand: rand.New(rand.NewPCG(seed, 1)), theme: theme, base: "/", files: make(map[string]string), links: make(map[string]string)}
	if s.IntN(2) == 0 {
		s.base = "/notes/"
	}
	s.base0 = fmt.Sprintf("baseURL = %q", "https://notes.example"+s.base)
	n := 9 + s.IntN(4)
	for i := range n {
		format := []string{"toml", "yaml", "json", "headings", "toml"}[i%5]
		name := fmt.Sprintf("content/posts/note-%c.md", 'a'+i)
		if i%4 == 3 && format != "headings" {
			name = fmt.Sprintf("content/posts/note-%c/index.md", 'a'+i)
		}
		s.add(name, format, i)
	}
	return s
}

// add writes a post.
func (s *site) add(name, format string, i int) *post {
	p := &post{s: s, name: name, format: format, title: s.name("Note "), marks: make(map[string]string)}
	p.keys = [][2]string{
		{"title", fmt.Sprintf("%q", p.title)},
		{"date", fmt.Sprintf("2026-%02d-%02dT09:00:00Z", 1+i%9, 1+i%27)},
		{"description", fmt.Sprintf("%q", s.sentence())},
		{"tags", fmt.Sprintf("[%q, %q]", tags[i%len(tags)], tags[(i+1)%len(tags)])},
	}
	p.body = []string{s.paragraph()}
	for range 3 + s.IntN(4) {
		b := s.block()
		if strings.Contains(b, "[^1]") && slices.ContainsFunc(p.body, func(o string) bool { return strings.Contains(o, "[^1]") }) {
			b = s.paragraph()
		}
		p.body = append(p.body, b)
	}
	// No two lists or quotes side by side, and a part ends with a text.
	for i := len(p.body); i > 1; i-- {
		p.body = slices.Insert(p.body, i, s.paragraph())
	}
	s.posts = append(s.posts, p)
	return p
}

// post picks one for a fault in a block, possibly with others.
func (s *site) post(formats ...string) *post { return s.pick(false, formats) }

// alone picks one for a fault in its front matter or of the whole page.
func (s *site) alone(formats ...string) *post { return s.pick(true, formats) }

func (s *site) pick(alone bool, formats []string) *post {
	if len(formats) == 0 {
		formats = []string{"toml", "yaml", "json", "headings"}
	}
	for _, i := range s.Perm(len(s.posts)) {
		p := s.posts[i]
		if !p.own && (!alone || !p.shared) && slices.Contains(formats, p.format) && p.raw == "" {
			p.own, p.shared = alone, true
			return p
		}
	}
	// All are taken: one more.
	i := len(s.posts)
	p := s.add(fmt.Sprintf("content/posts/note-%c.md", 'a'+i), formats[0], i)
	p.own, p.shared = alone, true
	return p
}

// front are formats with keys.
var front = []string{"toml", "yaml", "json"}

// key sets a key, with a mark before it.
func (p *post) key(mark, name, value string) {
	p.drop(name)
	p.keys = append(p.keys, [2]string{name, value})
	p.marks[name] = mark
}

func (p *post) drop(name string) {
	p.keys = slices.DeleteFunc(p.keys, func(k [2]string) bool { return k[0] == name })
}

// begin marks the first place of the file.
func (p *post) begin(mark string) { p.marks[""] = mark }

// say plants a text in a line, at any place of the body and in any kind of
// block.
func (p *post) say(text string) {
	s := p.s
	before := []string{"", "Here: ", "So 日本語 ", "état ", "\u2014 "}[s.IntN(5)]
	text = before + text + []string{"", " and so on."}[s.IntN(2)]
	switch s.IntN(4) {
	case 0:
		text = "- " + s.sentence() + "\n- " + text
	case 1:
		text = "> " + text
	}
	p.block(text)
}

// block plants a block of its own, between two paragraphs.
func (p *post) block(text string) {
	i := len(p.body)
	if i > 2 {
		i = 1 + p.s.IntN(i-1)
	}
	for i < len(p.body) && strings.HasPrefix(p.body[i-1], "## ") {
		i++
	}
	p.body = slices.Insert(p.body, i, text, p.s.paragraph())
}

// last plants a block at the end.
func (p *post) last(text string) { p.body = append(p.body, text) }

// path is the page's, with slashes around.
func (p *post) path() string {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(p.name, "content"), "/index.md"), ".md")
	return name + "/"
}

func (p *post) text() string {
	if p.raw != "" {
		return p.raw
	}
	var b strings.Builder
	b.WriteString(p.marks[""])
	value := func(name string) string {
		for _, k := range p.keys {
			if k[0] == name {
				return k[1]
			}
		}
		return ""
	}
	switch p.format {
	case "toml":
		b.WriteString("+++\n")
		for _, k := range p.keys {
			fmt.Fprintf(&b, "%s%s = %s\n", p.marks[k[0]], k[0], k[1])
		}
		b.WriteString("+++\n\n")
	case "yaml":
		b.WriteString("---\n")
		for _, k := range p.keys {
			fmt.Fprintf(&b, "%s%s: %s\n", p.marks[k[0]], k[0], k[1])
		}
		b.WriteString("---\n\n")
	case "json":
		b.WriteString("{\n")
		for i, k := range p.keys {
			v := k[1]
			if k[0] == "date" {
				v = `"` + v + `"`
			}
			fmt.Fprintf(&b, "  %s%q: %s%s\n", p.marks[k[0]], k[0], v, map[bool]string{true: "", false: ","}[i == len(p.keys)-1])
		}
		b.WriteString("}\n\n")
	case "headings":
		fmt.Fprintf(&b, "# %s\n#### %s\n###### %s\n\n", p.title, value("date")[:10], strings.NewReplacer("[", "", "]", "", `"`, "").Replace(value("tags")))
	}
	b.WriteString(strings.Join(p.body, "\n\n") + "\n")
	return b.String()
}

// head and end plant in what every page has in its head and at its end; home
// only in the home page.
func (s *site) head(text string) { s.files["layouts/_partials/custom/head.html"] += text + "\n" }
func (s *site) end(text string)  { s.files["layouts/_partials/custom/body-end.html"] += text + "\n" }

// extra adds lines to a file.
func (s *site) extra(name, text string) { s.files[name] += text + "\n" }

// A clash is a text that another fault has changed.
type clash string

// change replaces a text of a template of the plain site.
func (s *site) change(name, old, by string) {
	if _, ok := s.files[name]; !ok {
		s.files[name] = plain[name]
	}
	if !strings.Contains(s.files[name], old) {
		panic(clash(name + " has no " + old))
	}
	s.files[name] = strings.Replace(s.files[name], old, by, 1)
}

// write puts the site on the disk, without marks, and fills in where they were.
func (s *site) write(t *testing.T, dir string) {
	t.Helper()
	all := make(map[string]string)
	if s.theme {
		root := sitetest.Root(t)
		for _, name := range []string{"theme", "layouts"} {
			if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range themed {
			all[name] = text
		}
		data, err := os.ReadFile(filepath.Join(root, "config.toml"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(data), "\n")
		all["config.toml"] = rest
	} else {
		for name, text := range plain {
			all[name] = text
		}
	}
	top := ""
	for _, line := range append([]string{s.base0}, s.top...) {
		top += line + "\n"
	}
	all["config.toml"] = top + all["config.toml"] + strings.Join(s.after, "\n") + "\n"
	for name, text := range s.files {
		all[name] = text
	}
	for _, p := range s.posts {
		all[p.name] = p.text()
	}
	for name, text := range all {
		if text == gone {
			continue
		}
		sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(name)), s.resolve(name, text))
	}
	for name, to := range s.links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if s.git != nil {
		s.git(t, dir)
	}
}

// gone is the text of a file that is not written.
const gone = "\ue002"

// resolve takes the marks out of a text.
func (s *site) resolve(name, text string) string {
	for {
		i := strings.Index(text, "\ue000")
		if i < 0 {
			return text
		}
		j := i + strings.Index(text[i:], "\ue001")
		var n int
		if _, err := fmt.Sscan(text[i+len("\ue000"):j], &n); err != nil {
			panic(err)
		}
		w := &s.wants[n]
		w.file = name
		w.line = 1 + strings.Count(text[:i], "\n")
		w.col = 1 + len([]rune(text[strings.LastIndexByte(text[:i], '\n')+1:i]))
		text = text[:i] + text[j+len("\ue001"):]
	}
}
