package convert

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/yuin/goldmark/ast"

	"duskpress/tools/note"
)

// fields are front matter that is being put together, in order.
type fields struct{ list []note.Field }

func (f *fields) set(key string, value any) {
	for i := range f.list {
		if f.list[i].Key == key {
			f.list[i].Value = value
			return
		}
	}
	f.list = append(f.list, note.Field{Key: key, Value: value})
}

func (f *fields) get(key string) any {
	for _, x := range f.list {
		if x.Key == key {
			return x.Value
		}
	}
	return nil
}

// add puts more into a list, each once.
func (f *fields) add(key string, more ...string) {
	list, _ := f.get(key).([]string)
	for _, m := range more {
		if m != "" && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	if list != nil {
		f.set(key, list)
	}
}

var datedName = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})-(.+)$`)

// jekyllConfig is what of _config.yml says where posts were.
type jekyllConfig struct {
	found     bool
	Permalink string `yaml:"permalink"`
	Timezone  string `yaml:"timezone"`
	BaseURL   string `yaml:"baseurl"`
	zone      *time.Location
}

func readJekyllConfig(root string) (c jekyllConfig, err error) {
	c.zone = time.UTC
	c.Permalink = "date"
	data, err := os.ReadFile(filepath.Join(root, "_config.yml"))
	if os.IsNotExist(err) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.found = true
	if err := yaml.Unmarshal(data, &c); err != nil {
		return c, err
	}
	if c.Timezone != "" {
		if zone, err := time.LoadLocation(c.Timezone); err == nil {
			c.zone = zone
		}
	}
	return c, nil
}

// plainFields are those of a file that no tool has written: its title is its
// first heading, its date is in its name, if anywhere.
func (w *work) plainFields(s *source) {
	if s.form != "" {
		return // it has front matter, which stays
	}
	s.fields = &fields{}
	title := ""
	doc := parse(s.text)
	if h, ok := doc.FirstChild().(*ast.Heading); ok && h.Level == 1 && h.Lines().Len() == 1 {
		title = plainText(h, s.text)
		end := h.Lines().At(0).Stop
		if n := bytes.IndexByte(s.text[end:], '\n'); n >= 0 {
			end += n + 1
		} else {
			end = len(s.text)
		}
		if next := s.text[end:]; len(next) > 0 && next[0] == '=' { // underlined
			_, rest, _ := bytes.Cut(next, []byte("\n"))
			end = len(s.text) - len(rest)
		}
		for end < len(s.text) && s.text[end] == '\n' {
			end++
		}
		s.line += bytes.Count(s.text[:end], []byte("\n"))
		s.text = s.text[end:]
	}
	if title == "" {
		title = titled(s.stem)
		w.problem(s.file, 1, fmt.Sprintf("has no heading of its own: its title is made of its name, %q", title), "")
	}
	s.fields.set("title", title)
	if !s.day.IsZero() {
		s.fields.set("date", note.Date(s.day.Format(time.DateOnly)))
	} else {
		w.problem(s.file, 1, "has no date, neither in its text nor in its name", "add date = 2026-11-03, say")
	}
	// Other headings of the first level would be second titles.
	if level := shallowest(s.text); level == 1 {
		moved, line := shift(s.text, 1)
		if line > 0 {
			w.problem(s.file, s.line-1+line, "this heading cannot be moved below the title", "write it with ##")
			return
		}
		s.text = moved
	}
}

func shallowest(body []byte) int {
	level := 0
	_ = ast.Walk(parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering && (level == 0 || h.Level < level) {
			level = h.Level
		}
		return ast.WalkContinue, nil
	})
	return level
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(src))
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// titled makes a title of a name, as Jekyll does.
func titled(stem string) string {
	s := strings.Join(strings.FieldsFunc(stem, func(r rune) bool { return r == '-' || r == '_' }), " ")
	if s == "" {
		return stem
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// dropped are keys of Jekyll's that mean nothing here, or something else.
var dropped = map[string]bool{"layout": true, "type": true, "category": true, "categories": true, "excerpt_separator": true, "published": true, "permalink": true, "redirect_from": true}

// jekyllFields turns Jekyll's front matter into Hugo's.
func (w *work) jekyllFields(s *source) {
	s.fields = &fields{}
	var front yaml.MapSlice
	if s.form == note.YAML {
		if err := yaml.UnmarshalWithOptions(s.front, &front, yaml.UseOrderedMap()); err != nil {
			w.problem(s.file, 1, "its front matter cannot be read: "+oneLine(err), "")
			front = nil
		}
		for i, line := range strings.Split(string(s.front), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				w.problem(s.file, i+2, "a comment in front matter is left out", "")
			}
		}
	}
	get := func(key string) any {
		for _, item := range front {
			if fmt.Sprint(item.Key) == key {
				return item.Value
			}
		}
		return nil
	}
	at := func(key string) int {
		for i, line := range strings.Split(string(s.front), "\n") {
			if strings.HasPrefix(line, key+":") {
				return i + 2
			}
		}
		return 1
	}
	draft := strings.Contains(filepath.ToSlash(s.file), "/_drafts/") || get("published") == false
	title, _ := get("title").(string)
	if title == "" {
		title = titled(s.stem)
		if v := get("title"); v != nil {
			title = fmt.Sprint(v)
		}
	}
	s.fields.set("title", title)
	day := s.day
	if v := get("date"); v != nil {
		if d, t, ok := jekyllDate(fmt.Sprint(v), w.config.zone); ok {
			s.fields.set("date", d)
			day = t
		} else {
			w.problem(s.file, at("date"), fmt.Sprintf("%q is no date", fmt.Sprint(v)), "write it as 2026-11-03")
		}
	} else if !day.IsZero() {
		s.fields.set("date", note.Date(day.Format(time.DateOnly)))
	}
	categories := words(get("categories"), get("category"))
	for _, item := range front {
		key := fmt.Sprint(item.Key)
		switch {
		case key == "title" || key == "date":
		case key == "tags" || key == "tag":
			s.fields.add("tags", words(item.Value)...)
		case key == "categories" || key == "category":
			s.fields.add("tags", categories...)
		case key == "last_modified_at" || key == "modified":
			if d, _, ok := jekyllDate(fmt.Sprint(item.Value), w.config.zone); ok {
				s.fields.set("lastmod", d)
			}
		case key == "excerpt" || key == "summary":
			if text, ok := item.Value.(string); ok && get("description") == nil {
				s.fields.set("description", strings.Join(strings.Fields(text), " "))
			}
		case key == "redirect_to":
			w.problem(s.file, at(key), "redirect_to has no counterpart in front matter", "write a line into static/_redirects")
		case key == "sitemap":
			if item.Value == false {
				s.fields.set("noindex", true)
			}
		case dropped[key]:
			if key == "excerpt_separator" || key == "type" {
				w.problem(s.file, at(key), fmt.Sprintf("%q is left out: it means nothing here, or something else", key), "")
			}
		case key == "image" && isText(item.Value):
			s.fields.add("images", fmt.Sprint(item.Value))
		default:
			s.fields.set(key, ordinary(item.Value))
		}
	}
	if draft {
		s.fields.set("draft", true)
	}
	s.fields.add("aliases", words(get("redirect_from"))...)
	w.address(s, get("permalink"), categories, day)
}

// address keeps the place of a post: one that was its own stays so, one that
// the site's pattern gave leads to the new one.
func (w *work) address(s *source, own any, categories []string, day time.Time) {
	pattern, mine := w.config.Permalink, false
	if text, ok := own.(string); ok && text != "" {
		pattern, mine = text, true
	}
	if day.IsZero() && (!mine || strings.Contains(pattern, ":")) {
		return
	}
	s.oldURL = permalink(pattern, s.stem, categories, day)
	if mine && !strings.Contains(pattern, ":") {
		s.fields.set("url", s.oldURL)
		return
	}
	if strings.Trim(s.oldURL, "/") != strings.Trim(w.To, "/")+"/"+note.Slug(s.stem, "") {
		s.fields.add("aliases", s.oldURL)
	}
}

// permalink is the address that Jekyll gave a post:
// https://jekyllrb.com/docs/permalinks/.
func permalink(pattern, title string, categories []string, day time.Time) string {
	switch pattern {
	case "date", "":
		pattern = "/:categories/:year/:month/:day/:title:output_ext"
	case "pretty":
		pattern = "/:categories/:year/:month/:day/:title/"
	case "ordinal":
		pattern = "/:categories/:year/:y_day/:title:output_ext"
	case "weekdate":
		pattern = "/:categories/:year/W:week/:short_day/:title:output_ext"
	case "none":
		pattern = "/:categories/:title:output_ext"
	}
	var slugs []string
	for _, c := range categories {
		slugs = append(slugs, strings.Join(strings.Fields(strings.ToLower(c)), "%20"))
	}
	_, week := day.ISOWeek()
	s := strings.NewReplacer(
		":slugified_categories", strings.Join(slugs, "/"), ":categories", strings.Join(slugs, "/"),
		":year", day.Format("2006"), ":short_year", day.Format("06"), ":short_month", day.Format("Jan"), ":long_month", day.Format("January"),
		":i_month", day.Format("1"), ":month", day.Format("01"), ":i_day", day.Format("2"), ":y_day", day.Format("002"),
		":short_day", day.Format("Mon"), ":long_day", day.Format("Monday"), ":day", day.Format("02"), ":week", fmt.Sprintf("%02d", week),
		":hour", day.Format("15"), ":minute", day.Format("04"), ":second", day.Format("05"),
		":title", title, ":slug", title, ":output_ext", ".html",
	).Replace(pattern)
	s = "/" + strings.TrimLeft(s, "/")
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

var jekyllLayouts = []string{"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04 -0700", time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", "2006-1-2"}

// jekyllDate reads a date of Jekyll's and writes it as TOML and YAML have it.
func jekyllDate(s string, zone *time.Location) (note.Date, time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range jekyllLayouts {
		t, err := time.ParseInLocation(layout, s, zone)
		if err != nil {
			continue
		}
		if layout == "2006-1-2" {
			return note.Date(t.Format(time.DateOnly)), t, true
		}
		return note.Date(t.Format(time.RFC3339)), t, true
	}
	return "", time.Time{}, false
}

// words are tags as Jekyll takes them: a list, or a text split at spaces.
func words(values ...any) []string {
	var list []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			if strings.Contains(v, ",") {
				for part := range strings.SplitSeq(v, ",") {
					list = append(list, strings.TrimSpace(part))
				}
			} else {
				list = append(list, strings.Fields(v)...)
			}
		case []any:
			for _, x := range v {
				list = append(list, strings.TrimSpace(fmt.Sprint(x)))
			}
		case nil:
		default:
			list = append(list, fmt.Sprint(v))
		}
	}
	return list
}

func isText(v any) bool { _, ok := v.(string); return ok }

// ordinary turns ordered maps into maps.
func ordinary(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		m := make(map[string]any, len(v))
		for _, item := range v {
			m[fmt.Sprint(item.Key)] = ordinary(item.Value)
		}
		return m
	case []any:
		texts := make([]string, 0, len(v))
		for _, x := range v {
			if s, ok := x.(string); ok {
				texts = append(texts, s)
			}
		}
		if len(texts) == len(v) {
			return texts
		}
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = ordinary(x)
		}
		return list
	}
	return v
}

// join makes the finished file.
func (w *work) join(s *source) ([]byte, error) {
	text := s.text
	if s.kind == jekyll {
		text = w.liquid(s, true)
	}
	text = w.relink(s, text)
	if s.fields == nil { // front matter that stays as it is
		if s.form != note.JSON && w.Form != "" && w.Form != s.form {
			w.problem(s.file, 1, fmt.Sprintf("it has front matter already, which stays in %s", s.form), "")
		}
		return note.Join(s.form, s.front, text), nil
	}
	form := w.Form
	if form == "" {
		if form = note.TOML; s.form == note.YAML {
			form = note.YAML
		}
	}
	if images, ok := s.fields.get("images").([]string); ok {
		for i, image := range images {
			if file := s.assets[image]; file != "" {
				images[i] = s.names[file]
			}
		}
	}
	list := slices.DeleteFunc(slices.Clone(s.fields.list), func(f note.Field) bool { return f.Value == nil })
	front, err := note.Front(form, list)
	if err != nil {
		return nil, err
	}
	if s.form == "" && len(text) > 0 && text[0] != '\n' {
		text = append([]byte("\n"), text...)
	}
	return note.Join(form, front, text), nil
}
