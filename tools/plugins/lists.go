package plugins

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "lists",
		Summary: "reports bullets whose indent lost them a level",
		Alone:   true,
		Rules:   map[string]string{"list-nesting": "a bullet that is indented and yet a sibling, or code"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Markdown: transformer{listsAt, checkLists}.markdown, CachedMarkdown: true}, nil
		},
	})
}

// bulletLine is a line that somebody meant as an item of a list.
var bulletLine = regexp.MustCompile(`^[ \t]*([-+*]|\d{1,9}[.)])[ \t]+\S`)

// checkLists reports, and changes nothing.
func checkLists(d *pipeline.Document, doc *ast.Document, src []byte) {
	report := func(offset int, became string) {
		line := lineAt(src, offset)
		begin := bytes.LastIndexByte(src[:offset], '\n') + 1
		at := d.At(src, begin+len(line)-len(strings.TrimLeft(line, " \t")))
		d.Problems.Add(d.Content.Problem(at, pipeline.Warning, "list-nesting",
			"this bullet is indented, but not far enough to lie below the one above: it is "+became,
			"indent it to where the text of the bullet above begins, or not at all"))
	}
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.List:
			first, ok := itemColumn(src, n.FirstChild())
			if prev, isList := n.PreviousSibling().(*ast.List); ok && isList {
				// Another kind of marker begins a list of its own.
				if above, ok := itemColumn(src, prev.FirstChild()); ok && first > above {
					report(itemOffset(n.FirstChild()), "a list of its own")
				}
			}
			for item := n.FirstChild(); item != nil; item = item.NextSibling() {
				if col, okItem := itemColumn(src, item); ok && okItem && col > first {
					report(itemOffset(item), "its sibling")
				}
			}
		case *ast.CodeBlock:
			if n.PreviousSibling() == nil || n.Lines().Len() == 0 {
				break
			}
			if _, isList := n.PreviousSibling().(*ast.List); !isList && n.Parent().Kind() != ast.KindListItem {
				break
			}
			segment := n.Lines().At(0)
			if bulletLine.Match(segment.Value(src)) {
				report(segment.Start, "code")
			}
		}
		return ast.WalkContinue, nil
	})
}

// itemOffset is an offset on the first line of an item, or -1.
func itemOffset(item ast.Node) int {
	offset := -1
	ast.Walk(item, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			offset = n.Lines().At(0).Start
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return offset
}

// itemColumn is the column at which an item's marker stands, tabs counted to
// the next multiple of four, and whether its first line has the marker: inside
// a quote or another item's line it has not.
func itemColumn(src []byte, item ast.Node) (int, bool) {
	offset := itemOffset(item)
	if offset < 0 {
		return 0, false
	}
	line := lineAt(src, offset)
	if !bulletLine.MatchString(line) {
		return 0, false
	}
	column := 0
	for _, c := range line {
		switch c {
		case ' ':
			column++
		case '\t':
			column += 4 - column%4
		default:
			return column, true
		}
	}
	return 0, false
}

// lineAt is the line that holds an offset, without its end.
func lineAt(src []byte, offset int) string {
	begin := bytes.LastIndexByte(src[:offset], '\n') + 1
	end := len(src)
	if n := bytes.IndexByte(src[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	return strings.TrimRight(string(src[begin:end]), "\r")
}
