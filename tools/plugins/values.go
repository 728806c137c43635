package plugins

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "values",
		Summary: "reports values of front matter that Hugo takes otherwise than they were meant, and layouts that are not there",
		After:   []string{"headings", "tags"},
		Compat:  true,
		Rules: map[string]string{
			"front-matter-value": "a value of front matter that Hugo takes otherwise than it was meant",
			"unknown-layout":     "a layout or type of front matter for which there is no template",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Collect: func(_ context.Context, c *pipeline.Collection) error {
				v := values{Collection: c, types: make(map[string]int)}
				v.listTemplates()
				for _, content := range c.Contents {
					if t, ok := content.FrontMatter["type"].(string); ok {
						v.types[t]++
					}
				}
				for _, content := range c.Contents {
					v.check(content)
				}
				return nil
			}}, nil
		},
	})
}

type values struct {
	*pipeline.Collection
	layouts []string // names of templates, without what follows a full stop
	folders []string // folders of templates, and sections
	types   map[string]int
}

// builtin are the names of templates that Hugo looks for by itself.
var builtin = strings.Fields("home page section taxonomy term list single all baseof index rss sitemap sitemapindex robots 404 terms summary li view")

func (v *values) listTemplates() {
	for _, name := range v.TemplateNames {
		parts := strings.Split(name, "/")
		if len(parts) > 1 {
			v.folders = append(v.folders, parts[:len(parts)-1]...)
		}
		base, _, _ := strings.Cut(parts[len(parts)-1], ".")
		if !strings.HasPrefix(name, "_") || strings.HasPrefix(name, "_default/") {
			v.layouts = append(v.layouts, base)
		}
	}
	for _, c := range v.Contents {
		v.folders = append(v.folders, c.Section())
	}
	slices.Sort(v.layouts)
	v.layouts = slices.Compact(v.layouts)
	slices.Sort(v.folders)
	v.folders = slices.Compact(v.folders)
}

func (v *values) report(c *pipeline.Content, severity pipeline.Severity, rule, key, message, hint string) {
	at, ok := c.Keys[key]
	if !ok {
		at = pipeline.Place{Line: 1, Column: 1}
	}
	v.Problems.Add(c.Problem(at, severity, rule, message, hint))
}

// dateKeyNames are the keys that Hugo reads dates from; published may be a
// yes or no as well.
var dateKeyNames = []string{"date", "lastmod", "modified", "publishdate", "pubdate", "published", "expirydate", "unpublishdate"}

func (v *values) check(c *pipeline.Content) {
	if c.FrontMatter == nil || c.Format == "" {
		return // headings are checked where they are read
	}
	for _, key := range dateKeyNames {
		if value, ok := c.FrontMatter[key]; ok {
			v.date(c, key, value)
		}
	}
	for _, key := range []string{"draft", "headless", "iscjklanguage"} {
		v.boolean(c, key)
	}
	if s, ok := c.FrontMatter["weight"].(string); ok {
		if _, err := strconv.ParseInt(strings.TrimSpace(s), 0, 64); err != nil {
			v.report(c, pipeline.Warning, "front-matter-value", "weight", fmt.Sprintf("the weight %q is no number, and counts as none", s), "write a number without quotation marks")
		}
	} else if kind := shape(c.FrontMatter["weight"]); kind == "a list" || kind == "a table" {
		v.report(c, pipeline.Warning, "front-matter-value", "weight", "the weight is "+kind+", and counts as none", "write a number")
	}
	for _, key := range []string{"title", "linktitle", "description", "summary", "slug", "url", "layout", "type"} {
		if kind := shape(c.FrontMatter[key]); kind == "a list" || kind == "a table" {
			v.report(c, pipeline.Warning, "front-matter-value", key, fmt.Sprintf("the %s is %s, and Hugo drops it", key, kind), "write a text")
		}
	}
	lists := []string{"aliases", "keywords", "outputs"}
	lists = append(lists, v.Taxonomies...)
	slices.Sort(lists)
	for _, key := range slices.Compact(lists) {
		v.list(c, key)
	}
	v.layout(c)
}

// shape is what a value is that should be one text or number.
func shape(value any) string {
	switch value.(type) {
	case []any, []string:
		return "a list"
	case map[string]any, map[any]any:
		return "a table"
	}
	return ""
}

func (v *values) date(c *pipeline.Content, key string, value any) {
	const hint = "write 2026-11-03, or 2026-11-03T14:05:00+01:00"
	switch value := value.(type) {
	case nil, bool, time.Time:
		return
	case string:
		if strings.TrimSpace(value) == "" {
			return
		}
	case int, int64, uint64, float64:
		if key != "published" {
			v.report(c, pipeline.Warning, "front-matter-value", key,
				fmt.Sprintf("the %s is the number %v, which Hugo takes for seconds since 1970", key, value), hint)
		}
		return
	}
	if _, err := v.DateOf(c, key); err != nil {
		if s, ok := value.(string); ok {
			if _, err := strconv.ParseBool(s); err == nil && key == "published" {
				return
			}
		}
		text := fmt.Sprint(value)
		if kind := shape(value); kind != "" {
			text = kind
		}
		v.report(c, pipeline.Error, "front-matter-value", key, fmt.Sprintf("the %s is no date: %s", key, text), hint)
	}
}

// boolean knows that Hugo takes every text that is no yes or no for no: a draft
// would be published.
func (v *values) boolean(c *pipeline.Content, key string) {
	value, ok := c.FrontMatter[key]
	if !ok || value == nil {
		return
	}
	hint := fmt.Sprintf("write %s = true or false, without quotation marks", key)
	if c.Format == "yaml" {
		hint = fmt.Sprintf("write %s: true or false, without quotation marks; yes and no are texts in YAML 1.2", key)
	}
	s, isString := value.(string)
	switch {
	case isString:
		if _, err := strconv.ParseBool(s); err == nil {
			v.report(c, pipeline.Warning, "front-matter-value", key, fmt.Sprintf("%s is the text %q", key, s), hint)
			return
		}
		severity, message := pipeline.Warning, fmt.Sprintf("%s is the text %q, which Hugo takes for false", key, s)
		if key == "draft" && !saysNo(s) {
			severity = pipeline.Error
			message += ": the page would be published"
		}
		v.report(c, severity, "front-matter-value", key, message, hint)
	case shape(value) != "":
		v.report(c, pipeline.Error, "front-matter-value", key, fmt.Sprintf("%s is %s, which Hugo takes for false", key, shape(value)), hint)
	}
}

func saysNo(s string) bool {
	return slices.Contains([]string{"no", "off", "n", ""}, strings.ToLower(strings.TrimSpace(s)))
}

// list checks a key that has a list of texts.
func (v *values) list(c *pipeline.Content, key string) {
	value, ok := c.FrontMatter[key]
	if !ok || value == nil {
		return
	}
	example := key + ` = ["a", "b"]`
	if c.Format == "yaml" {
		example = key + ": [a, b]"
	}
	warn := func(format string, args ...any) {
		v.report(c, pipeline.Warning, "front-matter-value", key, fmt.Sprintf(format, args...), "write "+example)
	}
	switch value := value.(type) {
	case string:
		switch {
		case key == "aliases" && strings.Contains(value, ","):
			warn("aliases is one text, and Hugo cuts it at spaces: %q keeps its commas", value)
		case key != "aliases" && key != "outputs" && strings.Contains(value, ","):
			warn("%s is one text, and so %q is one entry, commas included", key, value)
		}
	case map[string]any, bool:
		warn("%s is no list, and Hugo drops it", key)
	case []any:
		for _, item := range value {
			if kind := shape(item); kind != "" {
				warn("%s has %s in it, which Hugo drops", key, kind)
				return
			}
		}
	}
}

// layout checks that there is a template of the name that a page asks for; Hugo
// takes another one without a word.
func (v *values) layout(c *pipeline.Content) {
	if name, ok := c.FrontMatter["layout"].(string); ok && name != "" {
		base, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
		if !slices.Contains(v.layouts, base) && !slices.Contains(v.layouts, strings.ToLower(base)) && !slices.Contains(builtin, strings.ToLower(base)) {
			v.report(c, pipeline.Warning, "unknown-layout", "layout", fmt.Sprintf("no template is named %q, so Hugo takes another one", name), v.hint(base, v.layouts, "layouts/"+base+".html"))
		}
	}
	name, ok := c.FrontMatter["type"].(string)
	// Sites that came from elsewhere have type = "post" in each file.
	if !ok || name == "" || slices.Contains(v.folders, name) || slices.Contains(v.folders, strings.ToLower(name)) || v.types[name] >= sameKeyFiles || v.InTemplates(name) ||
		slices.Contains([]string{"page", "post", "posts"}, strings.ToLower(name)) {
		return
	}
	v.report(c, pipeline.Warning, "unknown-layout", "type", fmt.Sprintf("no folder of templates is named %q, so Hugo takes another one", name), v.hint(name, v.folders, "layouts/"+name+"/"))
}

func (v *values) hint(name string, known []string, missing string) string {
	if near := pipeline.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "add " + missing + ", or remove the key"
}
