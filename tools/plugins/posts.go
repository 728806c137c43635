package plugins

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "posts",
		Summary: "reports what posts lack: a title, a date, a description, a text; and dates that disagree",
		After:   []string{"headings", "values"},
		Rules: map[string]string{
			"missing-title":       "a post without a title",
			"missing-date":        "a post without a date",
			"missing-description": "a post without a description, where others have one",
			"empty-page":          "a post without a text",
			"date-in-name":        "the date in a post's name is not that of the post",
			"clock":               "most posts lie in the future of this machine's clock",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			p := posts{now: s.Now}
			p.sections, _ = s.Section("mainSections").([]string)
			p.fromName, _ = s.Section("dateFromName").(bool)
			return pipeline.Hooks{Collect: func(_ context.Context, c *pipeline.Collection) error {
				p.check(c)
				return nil
			}}, nil
		},
	})
}

type posts struct {
	sections []string
	fromName bool // [frontmatter] takes dates from names
	now      time.Time
}

// isPost reports whether a file is a post: a page of a main section. A site
// that names no main sections leaves them to chance, so only "posts" is one.
func (p posts) isPost(c *pipeline.Content) bool {
	sections := p.sections
	if len(sections) == 0 {
		sections = []string{"posts", "post", "blog"}
	}
	if strings.HasPrefix(c.Base(), "_index.") || !slices.Contains(sections, c.Section()) {
		return false
	}
	// A page that is drawn by a layout of its own may be anything.
	for _, key := range []string{"layout", "type", "headless", "build", "_build"} {
		if _, ok := c.FrontMatter[key]; ok {
			return false
		}
	}
	return true
}

func (p posts) check(c *pipeline.Collection) {
	var all, dated, future, bare []*pipeline.Content
	// What a cascade gives cannot be told here.
	cascades := make(map[string]bool)
	for _, content := range c.Contents {
		if content.FrontMatter["cascade"] != nil {
			cascades[content.Section()] = true
		}
	}
	// What an error has to do with is not told again as a thing that is missing.
	wrong := make(map[string]bool)
	for _, pr := range c.Problems.Sorted() {
		wrong[pr.File] = wrong[pr.File] || pr.Severity == pipeline.Error
	}
	for _, content := range c.Contents {
		if wrong[content.Path] || !p.isPost(content) || cascades[content.Section()] || cascades[""] || content.FrontMatter == nil && content.Format != "" {
			continue
		}
		date, published := c.Published(content)
		if content.FrontMatter["date"] != nil {
			dated = append(dated, content)
			if !published && p.isFuture(c, content) {
				future = append(future, content)
			}
		}
		if !published {
			continue // said in the summary; a draft may lack anything
		}
		all = append(all, content)
		start := pipeline.Place{Line: 1, Column: 1}
		report := func(at pipeline.Place, rule, message, hint string) {
			c.Problems.Add(content.Problem(at, pipeline.Warning, rule, message, hint))
		}
		if blank(content.FrontMatter["title"]) {
			report(start, "missing-title", "this post has no title: its file's name is shown", `add title = "…"`)
		}
		if date.IsZero() && !p.fromName {
			report(start, "missing-date", "this post has no date: it comes last everywhere", "add the date on which it was written")
		}
		if blank(content.FrontMatter["description"]) && blank(content.FrontMatter["summary"]) {
			bare = append(bare, content)
		}
		if content.Blank {
			report(start, "empty-page", "this post has no text", "write it, or make it a draft")
		}
		p.checkName(content, date, report)
	}
	// Where hardly any post has a description, nobody misses them.
	for _, content := range bare {
		if len(bare)*2 <= len(all) {
			c.Problems.Add(content.Problem(pipeline.Place{Line: 1, Column: 1}, pipeline.Warning, "missing-description",
				"this post has no description, and most others have one", "add a sentence for lists, feeds and search engines"))
		}
	}
	if len(future) >= 3 && 2*len(future) > len(dated) {
		c.Problems.Add(pipeline.Problem{Severity: pipeline.Warning, Rule: "clock",
			Message: fmt.Sprintf("it is %s for this machine, and %d of %d posts are of a later day", p.now.Format(time.DateOnly), len(future), len(dated)),
			Hint:    "set the clock, or build with --buildFuture"})
	}
}

// isFuture reports whether a post is held back for its date alone.
func (p posts) isFuture(c *pipeline.Collection, content *pipeline.Content) bool {
	if draft, _ := content.FrontMatter["draft"].(bool); draft {
		return false
	}
	date, ok := c.Date(content)
	return ok && date.After(p.now)
}

func blank(v any) bool {
	s, isString := v.(string)
	return v == nil || isString && strings.TrimSpace(s) == ""
}

var dateInName = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})-`)

// checkName compares the date in a file's or bundle's name with the post's.
func (p posts) checkName(content *pipeline.Content, date time.Time, report func(pipeline.Place, string, string, string)) {
	elements := strings.Split(content.Logical, "/")
	for _, name := range elements[max(0, len(elements)-2):] {
		m := dateInName.FindStringSubmatch(name)
		if m == nil || date.IsZero() || content.FrontMatter["date"] == nil || date.Format(time.DateOnly) == m[1] {
			continue
		}
		at, ok := content.Keys["date"]
		if !ok {
			at = pipeline.Place{Line: 1, Column: 1}
		}
		report(at, "date-in-name", fmt.Sprintf("the post is of %s, and its name says %s", date.Format(time.DateOnly), m[1]), "make both the same day")
		return
	}
}
