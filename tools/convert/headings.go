package convert

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"duskpress/tools/note"
)

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithAttribute()))

func parse(src []byte) ast.Node { return markdown.Parser().Parse(text.NewReader(src)) }

// fromHeadings writes what headings say as front matter, with keys for what
// headings have no room for. It is nil where that cannot be done.
func (w *work) fromHeadings(file string, data []byte, h *Headings) []byte {
	for _, p := range h.Problems {
		w.problem(file, p.Line, p.Message+"; the post is left as it is", p.Hint)
	}
	if len(h.Problems) > 0 {
		return nil
	}
	base := filepath.Base(file)
	fields := []note.Field{{Key: "title", Value: h.Title}}
	if h.Date != "" {
		fields = append(fields, note.Field{Key: "date", Value: note.Date(withSeconds(h.Date))})
	}
	if h.Tags == nil {
		h.Tags = []string{}
	}
	fields = append(fields,
		note.Field{Key: "description", Value: h.Description},
		note.Field{Key: "tags", Value: h.Tags},
		note.Field{Key: "draft", Value: strings.HasPrefix(base, "_") && !strings.HasPrefix(base, "_index.")},
		note.Field{Key: "slug", Value: ""},
		note.Field{Key: "aliases", Value: []string{}},
	)
	form := w.Form
	if form == "" {
		form = note.TOML
	}
	front, err := note.Front(form, fields)
	if err != nil {
		w.problem(file, 1, oneLine(err), "")
		return nil
	}
	body := bytes.TrimPrefix(data, []byte("\ufeff"))
	for range h.Lines {
		if _, rest, ok := bytes.Cut(body, []byte("\n")); ok {
			body = rest
		} else {
			body = nil
		}
	}
	moved, line := shift(body, h.Shift)
	if line > 0 {
		w.problem(file, h.Lines+line, "this heading cannot be moved, and the post is left as it is", "write it with #")
		return nil
	}
	return note.Join(form, front, moved)
}

// withSeconds completes a time of day, which TOML wants whole.
func withSeconds(date string) string {
	if t, err := time.Parse("2006-01-02T15:04", date); err == nil {
		return t.Format("2006-01-02T15:04:05")
	}
	return date
}

// shift changes the level of every heading and nothing else. Where it cannot,
// it names the line.
func shift(body []byte, by int) (moved []byte, line int) {
	if by == 0 {
		return body, 0
	}
	type edit struct {
		from, to int
		with     string
	}
	var edits []edit
	var starts []int
	bad := -1
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering || bad >= 0 {
			return ast.WalkContinue, nil
		}
		starts = append(starts, max(0, h.Pos()))
		level := max(1, min(6, h.Level+by))
		if level == h.Level {
			return ast.WalkContinue, nil
		}
		if h.Lines().Len() == 0 {
			bad = max(0, h.Pos())
			return ast.WalkContinue, nil
		}
		start := h.Lines().At(0).Start
		marks := bytes.TrimRight(body[:start], " \t")
		if n := len(marks) - len(bytes.TrimRight(marks, "#")); n == h.Level && len(marks) < start {
			edits = append(edits, edit{len(marks) - n, len(marks), strings.Repeat("#", level)})
			return ast.WalkContinue, nil
		}
		// Underlined: the line below says the level, and only one of two.
		under := bytes.IndexByte(body[start:], '\n')
		if h.Lines().Len() != 1 || under < 0 {
			bad = start
			return ast.WalkContinue, nil
		}
		under += start + 1
		end := len(body)
		if n := bytes.IndexByte(body[under:], '\n'); n >= 0 {
			end = under + n
		}
		if level <= 2 {
			mark := map[int]string{1: "=", 2: "-"}[level]
			old := map[int]string{1: "=", 2: "-"}[h.Level]
			edits = append(edits, edit{under, end, strings.ReplaceAll(string(body[under:end]), old, mark)})
			return ast.WalkContinue, nil
		}
		edits = append(edits, edit{start, start, strings.Repeat("#", level) + " "}, edit{under - 1, end, ""})
		return ast.WalkContinue, nil
	})
	if bad >= 0 {
		return nil, 1 + bytes.Count(body[:min(bad, len(body))], []byte("\n"))
	}
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		b.Write(body[at:e.from])
		b.WriteString(e.with)
		at = e.to
	}
	b.Write(body[at:])
	// The proof: the same document, but for the levels.
	if old, now := outline(body, by), outline(b.Bytes(), 0); old != now {
		at := 0
		if n := min(differs(old, now), len(starts)); n > 0 {
			at = starts[n-1]
		}
		return nil, 1 + bytes.Count(body[:min(at, len(body))], []byte("\n"))
	}
	return b.Bytes(), 0
}

// outline writes a document down, node by node, with the levels of headings
// moved.
func outline(body []byte, by int) string {
	var b strings.Builder
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			b.WriteString(")")
			return ast.WalkContinue, nil
		}
		fmt.Fprintf(&b, "(%s", n.Kind())
		switch n := n.(type) {
		case *ast.Heading:
			fmt.Fprintf(&b, " %d", max(1, min(6, n.Level+by)))
			return ast.WalkContinue, nil // its lines are those of its texts
		case *ast.Text:
			fmt.Fprintf(&b, " %q", n.Segment.Value(body))
		}
		if n.Type() == ast.TypeBlock && n.Lines() != nil {
			for i := range n.Lines().Len() {
				s := n.Lines().At(i)
				fmt.Fprintf(&b, " %q", s.Value(body))
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// differs counts the headings before the first difference of two outlines.
func differs(a, b string) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return strings.Count(a[:i], "(Heading")
}
