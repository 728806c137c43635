package plugins

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "marks",
		Summary: "reports Markdown's marks that were left over as text, fences that nothing closes, and heading levels that are skipped",
		Alone:   true,
		Compat:  true,
		Rules: map[string]string{
			"leftover-mark":   "brackets, stars or braces that were meant as a link, emphasis or shortcode, and are shown",
			"unclosed-fence":  "a block of code that nothing closes",
			"skipped-heading": "a heading two or more levels below the one before",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Markdown: transformer{marksAt, checkMarks}.markdown, CachedMarkdown: true}, nil
		},
	})
}

// leftovers are what is seen in text where something else was meant. Each is
// looked for in the text of one block, in which everything that Markdown did
// understand, code included, is one NUL.
var leftovers = []struct {
	// sign stands in every text that the pattern matches: most have none.
	sign          string
	pattern       *regexp.Regexp
	message, hint string
}{
	{"[", regexp.MustCompile(`\[[^\[\]\n]+\][ \t]+\((?:(?:https?://|www\.|\.{0,2}/|#|mailto:)[^()\s]*|[\pL\d_./-]+\.(?:md|html?|pdf|txt|png|jpe?g|gif|svg|webp|avif)(?:#[^()\s]*)?)\)`), "this was meant as a link: there is a space between ] and (", "write [text](address)"},
	{")[", regexp.MustCompile(`\((?:[^()\n]+)\)\[(?:https?://|\.{0,2}/)[^\[\]\s]*\]`), "this was meant as a link: the brackets are the wrong way round", "write [text](address)"},
	{"](", regexp.MustCompile(`\[[^\[\]\n]+\]\((?:https?://|\.{0,2}/|#)[^()\n]*$`), "this was meant as a link: nothing closes its address", "close it with )"},
	{"**", regexp.MustCompile(`(?:^|[^*\\])\*\*[^\s*](?:[^*\n]*[^\s*])?[ \t]+\*\*(?:[^*]|$)`), "these stars were meant to make text bold: there is a space before the last two", "take the space out"},
	{"__", regexp.MustCompile(`(?:^|[^_\\\pL\d])__[^\s_](?:[^_\n]*[^\s_])?[ \t]+__(?:[^_\pL\d]|$)`), "these underscores were meant to make text bold: there is a space before the last two", "take the space out"},
	{"**", regexp.MustCompile(`(?:^|[^*\\\s])?\*\*[ \t]+[^\s*][^*\n]*[^\s*]\*\*(?:[^*\pL\d]|$)`), "these stars were meant to make text bold: there is a space after the first two", "take the space out"},
	{"{{", regexp.MustCompile(`\{\{[-<% ]*[.\pL$][^{}\n]*\}\}`), "these braces are shown as they stand: nothing fills them in", "put them into code, or call a shortcode with {{< name >}}"},
}

// checkMarks reports, and changes nothing.
func checkMarks(d *pipeline.Document, doc *ast.Document, src []byte) {
	level := 0
	report := func(offset int, rule, message, hint string) {
		d.Problems.Add(d.Content.Problem(d.At(src, offset), pipeline.Warning, rule, message, hint))
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if level > 0 && n.Level > level+1 {
				report(lineStart(src, n), "skipped-heading", "this heading is "+levels(n.Level-level)+" below the one before",
					"readers that listen to a page use the levels to find their way; use one level fewer at a time")
			}
			level = n.Level
		case *ast.FencedCodeBlock:
			if at, open := openFence(src, n); open {
				report(at, "unclosed-fence", "nothing closes this block of code: all that follows is taken for code", "end it with a line of the same marks")
			}
		}
		if n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
			shown, offsets := shownText(src, n)
			for _, l := range leftovers {
				if !bytes.Contains(shown, []byte(l.sign)) {
					continue
				}
				for _, at := range l.pattern.FindAllIndex(shown, -1) {
					begin := at[0]
					for begin < at[1] && !strings.ContainsRune("[(*_{", rune(shown[begin])) {
						begin++
					}
					if begin < len(offsets) {
						report(offsets[begin], "leftover-mark", l.message, l.hint)
					}
				}
			}
		}
		return ast.WalkContinue, nil
	})
}

func levels(n int) string {
	if n == 2 {
		return "two levels"
	}
	return "more than two levels"
}

func lineStart(src []byte, n ast.Node) int {
	at := n.Pos()
	if n.Lines() != nil && n.Lines().Len() > 0 {
		at = n.Lines().At(0).Start
	}
	at = max(0, min(at, len(src)))
	return bytes.LastIndexByte(src[:at], '\n') + 1
}

// shownText is the text of a block as a reader sees it, with the offset of each
// byte in the source. A child that is no text is one NUL, and so is a
// character that was escaped.
func shownText(src []byte, block ast.Node) (shown []byte, offsets []int) {
	room := 0
	for n := block.FirstChild(); n != nil; n = n.NextSibling() {
		room++
		if t, ok := n.(*ast.Text); ok {
			room += t.Segment.Len()
		}
	}
	shown, offsets = make([]byte, 0, room), make([]int, 0, room)
	for n := block.FirstChild(); n != nil; n = n.NextSibling() {
		if link, ok := n.(*ast.AutoLink); ok {
			// A bare address became a link, but not the one that was meant.
			for i, c := range link.Label(src) {
				shown, offsets = append(shown, c), append(offsets, link.Pos()+i)
			}
			continue
		}
		t, ok := n.(*ast.Text)
		if !ok {
			shown, offsets = append(shown, 0), append(offsets, 0)
			continue
		}
		for i := t.Segment.Start; i < t.Segment.Stop; i++ {
			c := src[i]
			if c == '\\' && i+1 < t.Segment.Stop && util.IsPunct(src[i+1]) {
				shown, offsets = append(shown, 0), append(offsets, i)
				i++
				continue
			}
			shown, offsets = append(shown, c), append(offsets, i)
		}
		if t.SoftLineBreak() || t.HardLineBreak() {
			shown, offsets = append(shown, '\n'), append(offsets, t.Segment.Stop)
		}
	}
	return shown, offsets
}

var fenceMark = regexp.MustCompile("^[ \t>]*(?:[-+*]|\\d{1,9}[.)])?[ \t>]*(`{3,}|~{3,})")

// openFence reports whether a block of code ends because the text, or what the
// block stands in, ends.
func openFence(src []byte, n *ast.FencedCodeBlock) (at int, open bool) {
	at = n.Pos()
	if n.Info != nil {
		at = n.Info.Segment.Start
	} else if n.Lines().Len() > 0 {
		at = max(0, n.Lines().At(0).Start-1)
	}
	at = max(0, min(at, len(src)))
	begin := bytes.LastIndexByte(src[:at], '\n') + 1
	mark := fenceMark.FindSubmatchIndex(src[begin:])
	if mark == nil {
		return 0, false
	}
	fence := src[begin+mark[2] : begin+mark[3]]
	// The line after the last one of the code.
	end := begin
	if n.Lines().Len() > 0 {
		end = n.Lines().At(n.Lines().Len() - 1).Stop
	} else if i := bytes.IndexByte(src[begin:], '\n'); i >= 0 {
		end = begin + i + 1
	} else {
		end = len(src)
	}
	for end > 0 && end < len(src) && src[end-1] != '\n' {
		end++
	}
	line := src[end:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	line = bytes.Trim(line, " \t>\r")
	closed := len(line) >= len(fence) && len(bytes.Trim(line, string(fence[:1]))) == 0
	return begin + mark[2], !closed
}
