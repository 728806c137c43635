package hugo

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/gohugoio/hugo/common/htime"
	"github.com/gohugoio/hugo/langs"
	"github.com/spf13/cast"

	"duskpress/tools/pipeline"
)

// whyLeftOut says why Hugo made no page of a content file, or "" where the file
// is no page of its own: one inside a leaf bundle is a resource.
func (e *Engine) whyLeftOut(c *pipeline.Content) string {
	if e.insideBundle(c) {
		return ""
	}
	if why := e.heldBack(c); why != "" {
		return why
	}
	if build, ok := c.FrontMatter["build"].(map[string]any); ok && build["render"] == "never" {
		return ""
	}
	if r, ok := e.cascadeWith(c, "draft", "publishdate", "date", "expirydate", "build", "_build"); ok {
		return "held back by " + r.Text
	}
	return "left out by the configuration, a cascade, or another file of the same name"
}

// heldBack says why a file's own front matter keeps it from being published
// now, or "".
func (e *Engine) heldBack(c *pipeline.Content) string {
	base := e.configs.Base
	return e.held(c, base.BuildDrafts, base.BuildFuture, base.BuildExpired)
}

// held is heldBack, with what is let in.
func (e *Engine) held(c *pipeline.Content, drafts, future, expired bool) string {
	if isDraft(c) && !drafts {
		return "draft"
	}
	now := htime.Now()
	if t, ok := e.date(c, publishKeys...); ok && t.After(now) && !future {
		return futureOn(t)
	}
	if t, ok := e.date(c, expiryKeys...); ok && t.Before(now) && !expired {
		return expiredOn(t)
	}
	return ""
}

func futureOn(t time.Time) string {
	return fmt.Sprintf("future: to be published on %s", t.Format("2006-01-02 15:04 MST"))
}

func expiredOn(t time.Time) string { return fmt.Sprintf("expired on %s", t.Format("2006-01-02")) }

// isDraft reports whether Hugo takes a file for a draft: it reads texts and numbers
// too.
func isDraft(c *pipeline.Content) bool { return cast.ToBool(c.FrontMatter["draft"]) }

// date is the first date among keys of front matter.
func (e *Engine) date(c *pipeline.Content, keys ...string) (time.Time, bool) {
	for _, key := range keys {
		if v, ok := c.FrontMatter[key]; ok {
			if t, err := htime.ToTimeInDefaultLocationE(v, e.location(c)); err == nil && !t.IsZero() {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// dateOf reads the date in a key of front matter as Hugo does.
func (e *Engine) dateOf(c *pipeline.Content, key string) (time.Time, error) {
	return htime.ToTimeInDefaultLocationE(c.FrontMatter[key], e.location(c))
}

// What Hugo takes a page's dates from, the first key that is there, unless it is
// told otherwise.
var (
	dateKeys    = []string{"date", "publishdate", "pubdate", "published", "lastmod", "modified"}
	publishKeys = []string{"publishdate", "pubdate", "published", "date"}
	expiryKeys  = []string{"expirydate", "unpublishdate"}
)

// published is the date of a file's page as its front matter has it, zero if it
// has none; not ok where no page will be published.
func (e *Engine) published(c *pipeline.Content) (date time.Time, ok bool) {
	if e.insideBundle(c) || e.heldBack(c) != "" {
		return time.Time{}, false
	}
	date, _ = e.date(c, dateKeys...)
	return date, true
}

// location is the time zone in which dates of a content file are read.
func (e *Engine) location(c *pipeline.Content) *time.Location {
	if conf := e.configs.GetByLang(c.Language); conf != nil {
		if lang, ok := conf.Language().(*langs.Language); ok && langs.GetLocation(lang) != nil {
			return langs.GetLocation(lang)
		}
	}
	return time.UTC
}

// insideBundle reports whether a leaf bundle holds the file.
func (e *Engine) insideBundle(c *pipeline.Content) bool {
	if strings.HasPrefix(c.Base(), "index.") {
		return false
	}
	for dir := path.Dir(c.Logical); ; dir = path.Dir(dir) {
		if e.leafDirs[dir] {
			return true
		}
		if dir == "/" || dir == "." {
			return false
		}
	}
}
