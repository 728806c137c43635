package plugins

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "keys",
		Summary: "names keys of front matter that look like a known key, mistyped",
		After:   []string{"headings"},
		Compat:  true,
		Rules: map[string]string{
			"front-matter-key": "a key of front matter that nothing reads and that looks like a known one",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Collect: func(_ context.Context, c *pipeline.Collection) error {
				checkKeys(c)
				return nil
			}}, nil
		},
	})
}

// frontMatterKeys are the keys that Hugo reads.
var frontMatterKeys = strings.Fields(`aliases build cascade date description draft expirydate headless
	iscjklanguage keywords lastmod layout linktitle markup menu menus modified outputs params path pubdate
	publishdate published resources sites sitemap slug summary title translationkey type unpublishdate url weight`)

// sameKeyFiles is how many files have a key when it is no slip any more.
const sameKeyFiles = 4

// checkKeys leaves alone what a template may read, what many files have, and
// what is no neighbour of a known key: a file may hold values for other tools.
func checkKeys(c *pipeline.Collection) {
	known := slices.Clone(frontMatterKeys)
	for _, plural := range c.Taxonomies {
		known = append(known, plural, plural+"_weight")
	}
	slices.Sort(known)
	files := make(map[string]int)
	for _, content := range c.Contents {
		for key := range content.FrontMatter {
			files[key]++
		}
	}
	for _, content := range c.Contents {
		for _, key := range slices.Sorted(maps.Keys(content.FrontMatter)) {
			if slices.Contains(known, key) || strings.HasPrefix(key, "_") || files[key] >= sameKeyFiles || c.InTemplates(key) {
				continue
			}
			near := pipeline.Nearest(key, known)
			if near == "" {
				continue
			}
			if _, has := content.FrontMatter[near]; has {
				continue // both stand there: the other one is something else
			}
			at, ok := content.Keys[key]
			if !ok {
				at = pipeline.Place{Line: 1, Column: 1}
			}
			c.Problems.Add(content.Problem(at, pipeline.Warning, "front-matter-key",
				fmt.Sprintf("nothing reads the key %q", key), fmt.Sprintf("did you mean %q?", near)))
		}
	}
}
