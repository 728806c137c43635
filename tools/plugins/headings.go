package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "headings",
		Summary: "reads title, date and tags from headings where a post has no front matter, and shifts the body's headings",
		Alone:   true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			cfg := headingsConfig{Section: "posts"}
			if err := s.Decode(&cfg); err != nil {
				return pipeline.Hooks{}, err
			}
			h := &headings{config: cfg, found: make(map[*pipeline.Content]*headingForm)}
			return pipeline.Hooks{Collect: h.collect, Source: h.source, Markdown: transformer{headingShiftAt, shiftHeadings}.markdown, CachedMarkdown: true}, nil
		},
	})
}

type headingsConfig struct {
	// Section is where a file with a title heading alone is a post.
	Section string `json:"section"`
}

type headings struct {
	config headingsConfig
	found  map[*pipeline.Content]*headingForm
}

// headingForm is what the headings at the top of a file say. Lines are from 0.
type headingForm struct {
	Title       string
	Date        string
	Tags        []string
	Description string
	Draft       bool

	bom                bool
	lines              int // how many lines the headings take
	dateLine, tagsLine int
	tagsColumn         int
	shift              int
}

func (h *headings) collect(_ context.Context, c *pipeline.Collection) error {
	for _, content := range c.Contents {
		if content.Format != "" || !content.IsMarkdown() {
			continue
		}
		src, err := content.Read()
		if err != nil {
			continue // reported when it was collected
		}
		form, problems := parseHeadings(src)
		if form == nil || form.dateLine < 0 && form.tagsLine < 0 && content.Section() != h.config.Section {
			continue
		}
		for _, p := range problems {
			c.Problems.Add(content.Problem(p.Place, pipeline.Error, p.rule, p.message, p.hint))
		}
		base := content.Base()
		form.Draft = strings.HasPrefix(base, "_") && !strings.HasPrefix(base, "_index.")
		h.found[content] = form
		content.Format = "headings"
		content.HeadingShift = form.shift
		content.BodyLine = form.lines + 1
		content.FrontMatter = map[string]any{"title": form.Title}
		content.Keys = map[string]pipeline.Place{"title": {Line: 1, Column: 1}}
		if form.dateLine >= 0 {
			content.FrontMatter["date"] = form.Date
			content.Keys["date"] = pipeline.Place{Line: form.dateLine + 1, Column: 1}
		}
		if form.tagsLine >= 0 {
			content.FrontMatter["tags"] = anySlice(form.Tags)
			content.Keys["tags"] = pipeline.Place{Line: form.tagsLine + 1, Column: form.tagsColumn}
		}
		if form.Draft {
			content.FrontMatter["draft"] = true
		}
		if form.Description != "" {
			content.FrontMatter["description"] = form.Description
		}
		content.Blank = len(bytes.TrimSpace(afterLines(src, form.lines))) == 0
	}
	return nil
}

// afterLines is what follows the first n lines.
func afterLines(src []byte, n int) []byte {
	for ; n > 0; n-- {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return nil
		}
		src = src[i+1:]
	}
	return src
}

func anySlice(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// source writes what the headings say as JSON front matter in their place, on
// as many lines.
func (h *headings) source(_ context.Context, c *pipeline.Content, src []byte) ([]byte, error) {
	form := h.found[c]
	if form == nil {
		return src, nil
	}
	fields := []struct {
		key   string
		value any
		set   bool
	}{
		{"title", form.Title, true},
		{"date", form.Date, form.Date != ""},
		{"tags", form.Tags, len(form.Tags) > 0},
		{"description", form.Description, form.Description != ""},
		{"draft", true, form.Draft},
	}
	var b bytes.Buffer
	if form.bom {
		b.WriteString("\ufeff")
	}
	b.WriteByte('{')
	n := 0
	for _, f := range fields {
		if !f.set {
			continue
		}
		if n++; n > 1 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", f.key, value)
	}
	b.WriteByte('}')
	rest := src
	for range form.lines {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			rest = nil
			break
		}
		b.WriteByte('\n')
		rest = rest[end+1:]
	}
	b.Write(rest)
	return b.Bytes(), nil
}

type headingProblem struct {
	pipeline.Place
	rule, message, hint string
}

var (
	atxHeading = regexp.MustCompile(`^(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	dateShape  = regexp.MustCompile(`^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T].*)?$`)
)

// dateLayouts are the ways to write a date in a heading.
var dateLayouts = []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339}

// parseHeadings reads the headings at the top of a file. It returns nil where
// the first line is no title heading.
func parseHeadings(src []byte) (*headingForm, []headingProblem) {
	form := &headingForm{dateLine: -1, tagsLine: -1}
	body := src
	if rest, ok := bytes.CutPrefix(src, []byte("\ufeff")); ok {
		form.bom, body = true, rest
	}
	lines := strings.SplitAfter(string(body), "\n")
	m := atxHeading.FindStringSubmatch(strings.TrimRight(lines[0], "\r\n"))
	if m == nil || len(m[1]) > 2 || strings.TrimSpace(m[2]) == "" {
		return nil, nil
	}
	form.Title = inlineText(strings.TrimSpace(m[2]))
	form.lines = 1
	var problems []headingProblem
scan:
	for i := 1; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		m := atxHeading.FindStringSubmatch(line)
		if m == nil {
			break
		}
		value := strings.TrimSpace(m[2])
		at := pipeline.Place{Line: i + 1, Column: 1 + utf8.RuneCountInString(line[:strings.Index(line, value)])}
		switch {
		case len(m[1]) == 4 && dateShape.MatchString(value):
			date, ok := parseDate(value)
			switch {
			case form.dateLine >= 0:
				problems = append(problems, headingProblem{at, "date",
					fmt.Sprintf("a second date; the first stands on line %d", form.dateLine+1), "keep one of them"})
			case !ok:
				problems = append(problems, headingProblem{at, "date",
					fmt.Sprintf("%q looks like a date and is none", value), "write it as 2006-01-02, optionally with a time: 2006-01-02 15:04"})
				form.dateLine = i
			default:
				form.Date, form.dateLine = date, i
			}
		case len(m[1]) == 6:
			if form.tagsLine >= 0 {
				problems = append(problems, headingProblem{at, "tags-heading",
					fmt.Sprintf("a second heading of tags; the first stands on line %d", form.tagsLine+1), "put all tags into one of them"})
				break
			}
			form.Tags, form.tagsLine, form.tagsColumn = splitTags(value), i, at.Column
		default:
			break scan
		}
		form.lines = i + 1
	}
	rest := strings.Join(lines[form.lines:], "")
	form.Description, form.shift = describeBody([]byte(rest))
	return form, problems
}

func parseDate(value string) (string, bool) {
	for _, layout := range dateLayouts {
		if _, err := time.Parse(layout, value); err == nil {
			value = strings.Replace(value, " ", "T", 1)
			if strings.HasSuffix(layout, "15:04") { // Hugo reads no time without seconds
				value += ":00"
			}
			return value, true
		}
	}
	return "", false
}

// splitTags splits at commas, and without a comma at white space.
func splitTags(s string) []string {
	if !strings.Contains(s, ",") {
		return strings.Fields(s)
	}
	var tags []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			tags = append(tags, part)
		}
	}
	return tags
}

var plainMarkdown = goldmark.New(goldmark.WithExtensions(extension.GFM))

// inlineText is the text of a line of Markdown without its marks.
func inlineText(line string) string {
	src := []byte("# " + line)
	doc := plainMarkdown.Parser().Parse(text.NewReader(src))
	return strings.TrimSpace(nodeText(doc, src))
}

// describeBody returns the text of the first paragraph, and how far headings
// have to move for the shallowest to become an h2.
func describeBody(src []byte) (description string, shift int) {
	doc := plainMarkdown.Parser().Parse(text.NewReader(src))
	for n := doc.FirstChild(); n != nil && description == ""; n = n.NextSibling() {
		if n.Kind() == ast.KindParagraph {
			description = strings.Join(strings.Fields(shortcodeCall.ReplaceAllString(nodeText(n, src), "")), " ")
		}
	}
	shallowest := 0
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if heading, ok := n.(*ast.Heading); ok && entering && (shallowest == 0 || heading.Level < shallowest) {
			shallowest = heading.Level
		}
		return ast.WalkContinue, nil
	})
	if shallowest > 0 {
		shift = 2 - shallowest
	}
	return description, shift
}

var shortcodeCall = regexp.MustCompile(`(?s)\{\{[<%].*?[%>]\}\}`)

// nodeText is the text below a node, line breaks as spaces.
func nodeText(n ast.Node, src []byte) string {
	var b strings.Builder
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					b.Write(bytes.ReplaceAll(t.Segment.Value(src), []byte("\n"), []byte(" ")))
				}
			}
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			value := util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(n.Segment.Value(src))))
			b.Write(value)
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(src))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// shiftHeadings moves the headings of a document by its Content's HeadingShift.
func shiftHeadings(d *pipeline.Document, doc *ast.Document, _ []byte) {
	shift := d.Content.HeadingShift
	if shift == 0 {
		return
	}
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if heading, ok := n.(*ast.Heading); ok && entering {
			heading.Level = max(1, min(6, heading.Level+shift))
		}
		return ast.WalkContinue, nil
	})
}

// Metadata is what the headings at the top of a file say, for who writes it
// down otherwise.
type Metadata struct {
	Title, Date, Description string
	Tags                     []string
	Lines                    int // that the headings take
	Shift                    int // added to the level of every heading of the body
	Problems                 []pipeline.Problem
}

// ReadHeadings reads the headings at the top of a file; nil if the first line
// is no title.
func ReadHeadings(src []byte) *Metadata {
	form, problems := parseHeadings(src)
	if form == nil {
		return nil
	}
	m := &Metadata{Title: form.Title, Date: form.Date, Description: form.Description, Tags: form.Tags, Lines: form.lines, Shift: form.shift}
	for _, p := range problems {
		m.Problems = append(m.Problems, pipeline.Problem{Line: p.Line, Column: p.Column, Message: p.message, Hint: p.hint})
	}
	return m
}
