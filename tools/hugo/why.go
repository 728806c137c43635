package hugo

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohugoio/hugo/common/htime"

	"duskpress/tools/pipeline"
)

// Why says why a content file makes no page of its own, or none that is
// published: as much as can be told from what Hugo decided. It is empty where
// nothing is in the way.
func (e *Engine) Why(c *pipeline.Content) []pipeline.Reason {
	at := func(key, text, hint string) pipeline.Reason {
		r := pipeline.Reason{Text: text, File: c.Path, Hint: hint}
		if key != "" {
			p := tableAt(c, key)
			r.Line, r.Column = p.Line, p.Column
		}
		return r
	}
	if e.insideBundle(c) {
		return []pipeline.Reason{e.whyInside(c)}
	}
	if list := e.whyHeld(c, at); len(list) > 0 {
		return list
	}
	if e.pages.owners == nil {
		return nil // the build did not come so far
	}
	if p := e.pages.byFile[c.Filename]; p != nil {
		list, err := targets(p)
		if err != nil || len(list) > 0 {
			return nil
		}
		if r, ok := e.whyKind(c); ok {
			return []pipeline.Reason{r}
		}
		build, err := buildOptions(p)
		if err == nil && build.render != "always" {
			return []pipeline.Reason{e.whyBuild(c, build, at)}
		}
		return []pipeline.Reason{e.atConfig("outputs."+p.Kind(), fmt.Sprintf("no output format is configured for pages of the kind %q", p.Kind()), "name one in [outputs]")}
	}
	return e.whyNoPage(c)
}

// whyInside names the index file that makes the directory one page.
func (e *Engine) whyInside(c *pipeline.Content) pipeline.Reason {
	r := pipeline.Reason{
		Text: "it lies in a leaf bundle, where every file is a resource of the one page",
		File: c.Path, Hint: "rename the index file to _index" + filepath.Ext(c.Filename) + ", or move this file to a directory of its own",
	}
	for dir := path.Dir(c.Logical); ; dir = path.Dir(dir) {
		for _, other := range e.collection.Contents {
			if path.Dir(other.Logical) == dir && strings.HasPrefix(other.Base(), "index.") {
				r.Text = fmt.Sprintf("it lies in the leaf bundle of %s, where every file is a resource of that page", other.Path)
				r.File, r.Line, r.Column = other.Path, 1, 1
				return r
			}
		}
		if dir == "/" || dir == "." {
			return r
		}
	}
}

// whyHeld is heldBack with places: front matter alone keeps the file back.
func (e *Engine) whyHeld(c *pipeline.Content, at func(key, text, hint string) pipeline.Reason) (list []pipeline.Reason) {
	base := e.configs.Base
	if isDraft(c) && !base.BuildDrafts {
		r := at("draft", "it is a draft", "remove draft, or build with --buildDrafts")
		if _, ok := c.Keys["draft"]; !ok {
			r = at("", "it is a draft, since its name begins with _", "rename the file, or build with --buildDrafts")
		}
		list = append(list, r)
	}
	now := htime.Now()
	for _, key := range publishKeys {
		t, ok := e.date(c, key)
		if !ok {
			continue
		}
		if t.After(now) && !base.BuildFuture {
			list = append(list, at(key, fmt.Sprintf("it is to be published on %s, and the build is of %s", inZone(t), inZone(now.In(t.Location()))),
				"change the date or its time zone, build again later, or build with --buildFuture"))
		}
		break
	}
	for _, key := range expiryKeys {
		t, ok := e.date(c, key)
		if !ok {
			continue
		}
		if t.Before(now) && !base.BuildExpired {
			list = append(list, at(key, fmt.Sprintf("it expired on %s, and the build is of %s", inZone(t), inZone(now.In(t.Location()))),
				"change the date, or build with --buildExpired"))
		}
		break
	}
	return list
}

// inZone writes a time with its zone, and the zone's name if it has one.
func inZone(t time.Time) string {
	text := t.Format("2006-01-02 15:04:05 -07:00")
	if name, _ := t.Zone(); name != "" && name[0] != '+' && name[0] != '-' {
		text += " (" + name + ")"
	}
	return text
}

// whyBuild explains build options: the file's own, or those of a cascade.
func (e *Engine) whyBuild(c *pipeline.Content, build buildOption, at func(key, text, hint string) pipeline.Reason) pipeline.Reason {
	text := fmt.Sprintf("its build option render is %q", build.render)
	switch build.render {
	case "link":
		text += ": it has an address, and no file"
	case "never":
		text += ": other pages can use it, and it has no file"
	}
	if c.FrontMatter["headless"] == true {
		return at("headless", "it is headless: other pages can use its files, and it has no file of its own", "remove headless")
	}
	for _, key := range []string{"build", "_build"} {
		if _, ok := c.FrontMatter[key]; ok {
			return at(key, text, "remove "+key+", or set render = \"always\"")
		}
	}
	if r, ok := e.cascadeWith(c, "build", "_build"); ok {
		r.Text = text + ", by " + r.Text
		return r
	}
	return at("", text, "look for a cascade")
}

// cascadeWith finds the nearest cascade above a file that sets one of the keys:
// in front matter of a section, or in the configuration.
func (e *Engine) cascadeWith(c *pipeline.Content, keys ...string) (pipeline.Reason, bool) {
	dir := path.Dir(c.Logical)
	if strings.HasPrefix(c.Base(), "_index.") || strings.HasPrefix(c.Base(), "index.") {
		dir = path.Dir(dir)
	}
	for {
		for _, other := range e.collection.Contents {
			if other == c || other.Language != c.Language || path.Dir(other.Logical) != dir || !strings.HasPrefix(other.Base(), "_index.") {
				continue
			}
			if key := setsOne(other.FrontMatter["cascade"], keys); key != "" {
				at := tableAt(other, "cascade")
				return pipeline.Reason{Text: "the cascade of " + other.Path, File: other.Path, Line: at.Line, Column: at.Column, Hint: "mend " + key + " in the cascade, or set it in the file itself"}, true
			}
		}
		if dir == "/" || dir == "." {
			break
		}
		dir = path.Dir(dir)
	}
	if file, line, column := e.locateConfig("cascade"); file != "" && line > 0 {
		for _, cfg := range e.configFiles() {
			if e.log.relative(cfg) == file {
				return pipeline.Reason{Text: "the cascade of the configuration", File: file, Line: line, Column: column, Hint: "mend it, or set the key in the file itself"}, e.configCascade(keys)
			}
		}
	}
	return pipeline.Reason{}, false
}

// tableAt is the place of a key in front matter, or of the first table of TOML
// that begins with it.
func tableAt(c *pipeline.Content, key string) pipeline.Place {
	if at, ok := c.Keys[key]; ok {
		return at
	}
	src, err := c.Read()
	if err != nil {
		return pipeline.Place{}
	}
	n := 0
	for line := range strings.SplitSeq(string(src), "\n") {
		if n++; n >= c.BodyLine {
			break
		}
		name := strings.TrimLeft(line, " \t[")
		if len(name) < len(line) && strings.HasPrefix(strings.ToLower(name), key) {
			return pipeline.Place{Line: n, Column: 1 + len(line) - len(name)}
		}
	}
	return pipeline.Place{}
}

// configCascade reports whether the configuration's cascade sets one of the keys.
func (e *Engine) configCascade(keys []string) bool {
	if e.configs.LoadingInfo.Cfg == nil {
		return false
	}
	return setsOne(plain(e.configs.LoadingInfo.Cfg.Get("cascade")), keys) != ""
}

// setsOne is the first of the keys that a cascade has, at its top or in its
// params; a cascade is a table or a list of tables.
func setsOne(cascade any, keys []string) string {
	switch cascade := plain(cascade).(type) {
	case map[string]any:
		for _, key := range keys {
			if _, ok := cascade[key]; ok {
				return key
			}
		}
	case []any:
		for _, one := range cascade {
			if key := setsOne(one, keys); key != "" {
				return key
			}
		}
	case []map[string]any:
		for _, one := range cascade {
			if key := setsOne(one, keys); key != "" {
				return key
			}
		}
	}
	return ""
}

// whyNoPage is for a file that Hugo read and made no page of, though its own
// front matter lets it.
func (e *Engine) whyNoPage(c *pipeline.Content) []pipeline.Reason {
	var list []pipeline.Reason
	if r, ok := e.whyKind(c); ok {
		list = append(list, r)
	}
	if r, ok := e.cascadeWith(c, "draft", "publishdate", "date", "expirydate", "build", "_build"); ok {
		r.Text += " holds it back"
		r.Text = strings.ToUpper(r.Text[:1]) + r.Text[1:]
		list = append(list, r)
	}
	for _, other := range e.collection.Contents {
		if other != c && other.Language == c.Language && e.pages.byFile[other.Filename] != nil && samePage(other.Logical, c.Logical) {
			list = append(list, pipeline.Reason{Text: fmt.Sprintf("%s makes the same page, and is taken", other.Path), File: other.Path, Line: 1, Column: 1, Hint: "rename or remove one of them"})
		}
	}
	if len(list) == 0 {
		list = append(list, pipeline.Reason{Text: "Hugo made no page of it: " + e.whyLeftOut(c), File: c.Path})
	}
	return list
}

// whyKind is for pages of a kind that is switched off.
func (e *Engine) whyKind(c *pipeline.Content) (pipeline.Reason, bool) {
	kind := e.kindOf(c)
	if !e.switchedOff(kind) {
		return pipeline.Reason{}, false
	}
	return e.atConfig("disablekinds", fmt.Sprintf("pages of the kind %q are switched off", kind), fmt.Sprintf("remove %q from disableKinds", kind)), true
}

func (e *Engine) switchedOff(kind string) bool {
	return slices.ContainsFunc(e.configs.Base.DisableKinds, func(disabled string) bool { return strings.EqualFold(disabled, kind) })
}

func samePage(a, b string) bool {
	trim := func(s string) string {
		s = strings.ToLower(s)
		dir, base := path.Split(s)
		name, _, _ := strings.Cut(base, ".")
		if name == "index" || name == "_index" {
			return strings.TrimSuffix(dir, "/")
		}
		return dir + name
	}
	return trim(a) == trim(b)
}

// kindOf is the kind of page that a file makes by its place and name.
func (e *Engine) kindOf(c *pipeline.Content) string {
	if !strings.HasPrefix(c.Base(), "_index.") {
		return "page"
	}
	parts := strings.Split(strings.Trim(path.Dir(c.Logical), "/"), "/")
	if parts[0] == "" {
		return "home"
	}
	if slices.Contains(e.settings.Taxonomies, parts[0]) {
		if len(parts) == 1 {
			return "taxonomy"
		}
		return "term"
	}
	return "section"
}

func (e *Engine) atConfig(key, text, hint string) pipeline.Reason {
	r := pipeline.Reason{Text: text, Hint: hint}
	r.File, r.Line, r.Column = e.locateConfig(key)
	return r
}
