package convert

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// findAssets lists the files beside a post that it shows or leads to: those of
// its text, and the pictures that its front matter names.
func (w *work) findAssets(s *source) {
	s.assets, s.names = make(map[string]string), make(map[string]string)
	text := s.text
	if s.kind == jekyll {
		text = w.liquid(s, false)
	}
	dests := destinations(text)
	if s.fields != nil {
		if images, ok := s.fields.get("images").([]string); ok {
			dests = append(dests, images...)
		}
	}
	used := make(map[string]bool)
	for _, d := range dests {
		file := w.local(s, d)
		if file == "" || isMarkdown(file) {
			continue
		}
		s.assets[d] = file
		if s.names[file] != "" {
			continue
		}
		name := filepath.Base(file)
		for i := 2; used[strings.ToLower(name)] || name == "index.md"; i++ {
			ext := filepath.Ext(file)
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(filepath.Base(file), ext), i, ext)
		}
		used[strings.ToLower(name)] = true
		s.names[file] = name
	}
}

func isMarkdown(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".md" || ext == ".markdown"
}

// local is the file that a destination names, or "".
func (w *work) local(s *source, dest string) string {
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return ""
	}
	p := u.Path
	dir := filepath.Dir(s.file)
	if strings.HasPrefix(p, "/") {
		dir = w.root
		if rest, ok := strings.CutPrefix(p, strings.TrimRight(w.config.BaseURL, "/")+"/"); ok && w.config.BaseURL != "" {
			p = rest
		}
	}
	// Only what lies in the folder that is imported: a link is no reason to
	// publish a file from elsewhere.
	file := filepath.Join(dir, filepath.FromSlash(p))
	real, err := filepath.EvalSymlinks(file)
	if err != nil || !inside(file, w.root) {
		return ""
	}
	root, err := filepath.EvalSymlinks(w.root)
	if err != nil || !inside(real, root) {
		return ""
	}
	if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return file
}

// destinations are the addresses of a text's links and pictures, as they are
// written, each once.
func destinations(body []byte) []string {
	var list []string
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			list = append(list, string(n.Destination))
		case *ast.Image:
			list = append(list, string(n.Destination))
		}
		return ast.WalkContinue, nil
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// relink points links and pictures at where their files will be, and reports
// what it finds of marks that nothing here reads.
func (w *work) relink(s *source, body []byte) []byte {
	if body == nil {
		return nil
	}
	code := codeRanges(body)
	first := s.line - bytes.Count(body, []byte("\n")) + bytes.Count(s.text, []byte("\n"))
	if s.kind != headingForm && s.kind != plain {
		first = s.line
	}
	images := make(map[string]bool)
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if i, ok := n.(*ast.Image); ok && entering {
			images[string(i.Destination)] = true
		}
		return ast.WalkContinue, nil
	})
	for _, dest := range destinations(body) {
		to, missing := w.newAddress(s, dest, images[dest])
		if missing != "" {
			at := bytes.Index(body, []byte("("+dest))
			w.problem(s.file, w.lineOf(s, body, max(at, 0), first), missing, "")
		}
		if to != "" && to != dest {
			body = replaceDestination(body, code, dest, to)
			code = codeRanges(body)
		}
	}
	if s.kind == jekyll {
		body = w.kramdown(s, body)
	}
	w.rawHTML(s, body, first)
	for _, m := range wikiLink.FindAllIndex(body, -1) {
		if !within(codeRanges(body), m[0]) {
			w.problem(s.file, w.lineOf(s, body, m[0], first), fmt.Sprintf("%s is no Markdown, and stays as it is", body[m[0]:m[1]]), "write [text](./file.md), or ![what it shows](picture.png)")
		}
	}
	return body
}

// wikiLink is how some editors write links among notes.
var wikiLink = regexp.MustCompile(`!?\[\[[^\[\]\n]+\]\]`)

// lineOf is the line of the source on which a part of the result stands: that
// of the same text, if there is one.
func (w *work) lineOf(s *source, body []byte, at, first int) int {
	begin := bytes.LastIndexByte(body[:min(at, len(body))], '\n') + 1
	line, _, _ := bytes.Cut(body[begin:], []byte("\n"))
	if i := bytes.Index(s.data, line); i >= 0 && len(bytes.TrimSpace(line)) > 0 {
		return 1 + bytes.Count(s.data[:i], []byte("\n"))
	}
	return max(1, first+bytes.Count(body[:begin], []byte("\n")))
}

// newAddress is where a destination leads to afterwards; missing says why that
// is nowhere.
func (w *work) newAddress(s *source, dest string, image bool) (to, missing string) {
	if file := s.assets[dest]; file != "" {
		return (&url.URL{Path: s.names[file]}).EscapedPath(), ""
	}
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return "", ""
	}
	fragment := ""
	if u.Fragment != "" {
		fragment = "#" + u.EscapedFragment()
	}
	if file := w.local(s, dest); file != "" {
		for _, other := range w.sources {
			if other.file == file {
				return "/" + other.target + fragment, ""
			}
		}
		return "", fmt.Sprintf("%s is not imported, and this link leads to it", w.Name(file))
	}
	for _, other := range w.sources { // an address of the old site
		if other.oldURL != "" && strings.TrimSuffix(other.oldURL, "/") == strings.TrimSuffix(strings.TrimPrefix(u.Path, w.config.BaseURL), "/") {
			return "/" + other.target + fragment, ""
		}
	}
	for _, other := range w.sources { // a file that will be there, imported before
		if "/"+other.target == u.Path {
			return "", ""
		}
	}
	if image || isMarkdown(u.Path) {
		return "", fmt.Sprintf("%s is not there", path.Clean(u.Path))
	}
	return "", ""
}

// codeRanges are the bytes of a text in which nothing is a link.
func codeRanges(body []byte) [][2]int {
	var ranges [][2]int
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			if t, ok := n.FirstChild().(*ast.Text); ok {
				ranges = append(ranges, [2]int{t.Segment.Start, n.LastChild().(*ast.Text).Segment.Stop})
			}
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
			if l := n.Lines(); l.Len() > 0 {
				ranges = append(ranges, [2]int{l.At(0).Start, l.At(l.Len() - 1).Stop})
			}
		}
		return ast.WalkContinue, nil
	})
	return ranges
}

func within(ranges [][2]int, at int) bool {
	for _, r := range ranges {
		if at >= r[0] && at < r[1] {
			return true
		}
	}
	return false
}

// replaceDestination changes an address wherever a link or a definition has it.
func replaceDestination(body []byte, code [][2]int, from, to string) []byte {
	q := regexp.QuoteMeta(from)
	re := regexp.MustCompile(`(?m)(\]\(\s*<?|^ {0,3}\[[^\]\n]+\]:\s*<?)(` + q + `)(>?[\s)]|>?$)`)
	var b bytes.Buffer
	at := 0
	for _, m := range re.FindAllSubmatchIndex(body, -1) {
		if within(code, m[4]) {
			continue
		}
		b.Write(body[at:m[4]])
		b.WriteString(to)
		at = m[5]
	}
	b.Write(body[at:])
	return b.Bytes()
}

var (
	tocMark   = regexp.MustCompile(`(?m)^[*\-+] .*\n\{:\s*toc\s*\}[ \t]*\n?`)
	attribute = regexp.MustCompile(`\{:[^}\n]*\}`)
)

// kramdown takes out the mark of a table of contents, which the theme makes
// itself, and reports other marks of that Markdown.
func (w *work) kramdown(s *source, body []byte) []byte {
	code := codeRanges(body)
	var b bytes.Buffer
	at := 0
	for _, m := range tocMark.FindAllIndex(body, -1) {
		if !within(code, m[0]) {
			b.Write(body[at:m[0]])
			at = m[1]
		}
	}
	b.Write(body[at:])
	body = b.Bytes()
	code = codeRanges(body)
	for _, m := range attribute.FindAllIndex(body, -1) {
		if !within(code, m[0]) {
			w.problem(s.file, w.lineOf(s, body, m[0], s.line), fmt.Sprintf("%s is kramdown's, and stays as it is", body[m[0]:m[1]]), "Hugo's attributes are {.class #id}, below a block")
		}
	}
	return body
}

// rawHTML reports HTML, which the build leaves out.
func (w *work) rawHTML(s *source, body []byte, first int) {
	seen := make(map[int]bool)
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		at := -1
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if n.Lines().Len() > 0 {
				at = n.Lines().At(0).Start
			}
		case *ast.RawHTML:
			if n.Segments.Len() > 0 {
				at = n.Segments.At(0).Start
			}
		}
		if at < 0 || bytes.HasPrefix(bytes.TrimLeft(body[at:], " "), []byte("<!--")) { // nobody sees a comment
			return ast.WalkContinue, nil
		}
		if line := w.lineOf(s, body, at, first); !seen[line] {
			seen[line] = true
			w.problem(s.file, line, "HTML is left out by the build, unless the site allows it", "write it in Markdown, or put it into a shortcode")
		}
		return ast.WalkContinue, nil
	})
}
