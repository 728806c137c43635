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
		Summary: "names keys of front matter and content adapters that nothing reads and that look like a known one",
		After:   []string{"headings"},
		Compat:  true,
		Rules: map[string]string{
			"front-matter-key": "a key of front matter that nothing reads and that looks like a known one",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{
				Collect: func(_ context.Context, c *pipeline.Collection) error {
					checkKeys(c)
					return nil
				},
				Check: func(_ context.Context, s *pipeline.Site) error {
					checkMadeKeys(s.Collection)
					return nil
				},
			}, nil
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

// madeKeys are those that Hugo reads of a page that a content adapter makes. All
// others are dropped.
var madeKeys = strings.Fields(`aliases build cascade content dates description draft iscjklanguage keywords kind layout
	linktitle menus outputs params path sitemap sites slug summary title translationkey type url weight`)

// madeOtherwise says how what front matter says with a key is said there.
var madeOtherwise = func() map[string]string {
	m := map[string]string{
		"headless":  `say it with "build" (dict "list" "never" "render" "never")`,
		"markup":    `say it in "content" (dict "mediaType" "text/markdown" "value" …)`,
		"menu":      `the key is "menus"`,
		"resources": "add them with $.AddResource",
	}
	for _, key := range strings.Fields("date expirydate lastmod modified pubdate publishdate published unpublishdate") {
		m[key] = `dates of such a page stand in a table: "dates" (dict "date" (time.AsTime "2026-01-02"))`
	}
	return m
}()

// checkMadeKeys names keys of an adapter's pages that mean something in front
// matter, or look like one that does. Others may come from data as it is.
func checkMadeKeys(c *pipeline.Collection) {
	for _, k := range c.MadeKeys {
		hint := ""
		switch near := pipeline.Nearest(k.Key, madeKeys); {
		case slices.Contains(madeKeys, k.Key):
			continue
		case madeOtherwise[k.Key] != "":
			hint = madeOtherwise[k.Key]
		case slices.Contains(c.Taxonomies, k.Key):
			hint = fmt.Sprintf(`it belongs into "params": "params" (dict %q …)`, k.Key)
		case near != "":
			hint = fmt.Sprintf("did you mean %q?", near)
		default:
			continue
		}
		c.Problems.Add(k.Adapter.Problem(k.Place, pipeline.Warning, "front-matter-key", fmt.Sprintf("Hugo does not read the key %q of a page that a content adapter makes", k.Key), hint))
	}
}
