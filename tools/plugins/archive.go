package plugins

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "archive",
		Summary: "gives each year a page of its own where the archive would be too long for one",
		After:   []string{"headings", "tags"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			a := archive{config: archiveConfig{Posts: 500}}
			if err := s.Decode(&a.config); err != nil {
				return pipeline.Hooks{}, err
			}
			if a.config.Posts < 0 {
				return pipeline.Hooks{}, fmt.Errorf("posts is %d; want a number from 0", a.config.Posts)
			}
			a.sections, _ = s.Section("mainSections").([]string)
			return pipeline.Hooks{Collect: a.collect}, nil
		},
	})
}

type archiveConfig struct {
	// Posts is how many posts one page may list.
	Posts int `json:"posts"`
}

type archive struct {
	config   archiveConfig
	sections []string // of posts; none: all
}

// collect adds the pages of the years beside each archive, which is a section
// with the layout "archive". The archive's template links to the years that
// have a page and lists the others itself, so nothing is lost where a date is
// not known here.
func (a archive) collect(_ context.Context, c *pipeline.Collection) error {
	type tally struct {
		posts int
		years map[int]bool
	}
	tallies := make(map[string]*tally) // by language
	for _, content := range c.Contents {
		if !a.isPost(content) {
			continue
		}
		date, ok := c.Published(content)
		if !ok {
			continue
		}
		t := tallies[content.Language]
		if t == nil {
			t = &tally{years: make(map[int]bool)}
			tallies[content.Language] = t
		}
		t.posts++
		if !date.IsZero() {
			t.years[date.Year()] = true
		}
	}
	for _, content := range c.Contents {
		suffix, isSection := strings.CutPrefix(content.Base(), "_index")
		if layout, _ := content.FrontMatter["layout"].(string); !isSection || layout != "archive" {
			continue
		}
		t := tallies[content.Language]
		if _, ok := c.Published(content); !ok || t == nil || t.posts <= a.config.Posts {
			continue
		}
		if i := strings.LastIndexByte(suffix, '.'); i >= 0 {
			suffix = suffix[:i] + ".md" // .html too has a suffix of its language
		}
		for year := range t.years {
			// An author's own page for the year wins.
			name := filepath.Join(filepath.Dir(content.Filename), fmt.Sprintf("%04d%s", year, suffix))
			c.AddContent(name, fmt.Appendf(nil, `{"title": "%[1]d", "layout": "year", "outputs": ["html"], "params": {"year": %[1]d}}`+"\n", year))
		}
	}
	return nil
}

func (a archive) isPost(c *pipeline.Content) bool {
	if strings.HasPrefix(c.Base(), "_index.") || c.Section() == "" {
		return false
	}
	return len(a.sections) == 0 || slices.Contains(a.sections, c.Section())
}
