package hugo

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/gohugoio/hugo/common/htime"
	"github.com/gohugoio/hugo/hugolib"
	"github.com/gohugoio/hugo/resources/page/pagemeta"

	"duskpress/tools/pipeline"
)

// A page that a content adapter makes is held back, or not, as soon as Hugo knows
// its dates, and one that is held back is in no list later. So Hugo's handler of
// such dates is watched: when it is done, all that the decision depends on is
// there, with what cascades add.

// made is one page of an adapter, of which time or a flag decides whether it is
// published.
type made struct {
	file, path, language, kind string

	draft           bool
	publish, expiry time.Time
	url, slug       string
	// own are the keys, in lower case, that the adapter itself sets.
	own map[string]bool
}

// madePages is what is known of the pages of adapters.
type madePages struct {
	held map[string]*made           // by file, language and path: drafts, and those with dates in the way
	next time.Time                  // the first date to come of any page
	keys map[string]map[string]bool // by file: all that its pages set, in lower case
}

// watchAdapters puts a watcher before the handler of each site.
func (e *Engine) watchAdapters() error {
	all := reflect.ValueOf(e.sites).Elem().FieldByName("sitesVersionsRolesMap")
	if all.Kind() != reflect.Map || all.Type().Elem() != reflect.TypeFor[*hugolib.Site]() {
		return fmt.Errorf("hugo seam Adapters: %T has no map of sites", e.sites)
	}
	type handler = func(*pagemeta.FrontMatterDescriptor) error
	for each := all.MapRange(); each.Next(); {
		site := (*hugolib.Site)(each.Value().UnsafePointer())
		dates := reflect.ValueOf(site).Elem().FieldByName("frontmatterHandler")
		if dates.Kind() != reflect.Struct {
			return fmt.Errorf("hugo seam Adapters: %T has no frontmatterHandler", site)
		}
		field := dates.FieldByName("contentAdapterDatesHandler")
		if !field.IsValid() || field.Type() != reflect.TypeFor[handler]() {
			return fmt.Errorf("hugo seam Adapters: %s has no contentAdapterDatesHandler", dates.Type())
		}
		place := (*handler)(unsafe.Pointer(field.UnsafeAddr()))
		handle, language := *place, site.Language().Lang
		*place = func(d *pagemeta.FrontMatterDescriptor) error {
			err := handle(d)
			e.noteMade(language, d)
			return err
		}
	}
	return nil
}

// noteMade is called for each page of an adapter, by several goroutines.
func (e *Engine) noteMade(language string, d *pagemeta.FrontMatterDescriptor) {
	early, late := d.PageConfigEarly, d.PageConfigLate
	m := &made{
		file: d.PathOrTitle, path: "/" + strings.TrimPrefix(early.Path, "/"), language: language, kind: early.Kind,
		draft: late.Draft, publish: late.Dates.PublishDate, expiry: late.Dates.ExpiryDate,
		url: late.URL, slug: late.Slug,
	}
	now := htime.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range []time.Time{late.Dates.Date, late.Dates.Lastmod, m.publish, m.expiry} {
		if t.After(now) && (e.made.next.IsZero() || t.Before(e.made.next)) {
			e.made.next = t
		}
	}
	keys := e.made.keys[m.file]
	if keys == nil {
		keys = make(map[string]bool)
		if e.made.keys == nil {
			e.made.keys = make(map[string]map[string]bool)
		}
		e.made.keys[m.file] = keys
	}
	for key := range early.Frontmatter {
		keys[strings.ToLower(key)] = true
	}
	if why, _ := e.heldMade(m, false, false, false); why == "" {
		return
	}
	m.own = make(map[string]bool)
	for key := range early.Frontmatter {
		m.own[strings.ToLower(key)] = true
	}
	if e.made.held == nil {
		e.made.held = make(map[string]*made)
	}
	e.made.held[m.key()] = m
}

func (m *made) key() string { return m.file + "\x00" + m.language + "\x00" + strings.ToLower(m.path) }

// heldMade says why a page is not published, with what is let in, and the keys of
// which one decides it; "" if it is published.
func (e *Engine) heldMade(m *made, drafts, future, expired bool) (why string, keys []string) {
	now := htime.Now()
	switch {
	case e.switchedOff(m.kind):
		return fmt.Sprintf("pages of the kind %q are switched off", m.kind), nil
	case m.draft && !drafts:
		return "draft", []string{"draft"}
	case m.publish.After(now) && !future:
		return futureOn(m.publish), append([]string{"dates"}, publishKeys...)
	case !m.expiry.IsZero() && m.expiry.Before(now) && !expired:
		return expiredOn(m.expiry), append([]string{"dates"}, expiryKeys...)
	}
	return "", nil
}

// heldPages lists the pages of adapters that are not published.
func (e *Engine) heldPages() []pipeline.HeldPage {
	e.mu.Lock()
	defer e.mu.Unlock()
	base := e.configs.Base
	var list []pipeline.HeldPage
	for _, m := range e.made.held {
		why, keys := e.heldMade(m, base.BuildDrafts, base.BuildFuture, base.BuildExpired)
		if why == "" {
			continue
		}
		h := pipeline.HeldPage{Path: m.path, Language: m.language, URL: m.url, Slug: m.slug, Reason: why}
		for _, a := range e.collection.Adapters {
			if a.Filename == m.file {
				h.Adapter, h.Place = a, pathIn(a, m.path)
			}
		}
		if h.Adapter == nil {
			continue
		}
		h.Reasons = []pipeline.Reason{e.whyHeldPage(&h, keys)}
		if !slices.ContainsFunc(keys, func(key string) bool { return m.own[key] }) && keys != nil {
			below := &pipeline.Content{Logical: m.path + ".md", Language: m.language}
			by := pipeline.Reason{Text: "a cascade", File: h.Adapter.Path}
			if r, ok := e.cascadeWith(below, keys...); ok {
				by = r
			}
			h.Reason += ", by " + by.Text
			by.Text = "it is set by " + by.Text
			h.Reasons = append(h.Reasons, by)
		}
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b pipeline.HeldPage) int {
		return cmp.Or(cmp.Compare(a.Adapter.Path, b.Adapter.Path), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Language, b.Language))
	})
	return list
}

// madeKeys lists the keys that the pages of adapters set, with their places.
func (e *Engine) madeKeys() (list []pipeline.MadeKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.collection.Adapters {
		for _, key := range slices.Sorted(maps.Keys(e.made.keys[a.Filename])) {
			list = append(list, pipeline.MadeKey{Adapter: a, Key: key, Place: quotedIn(a, "", regexp.QuoteMeta(key))})
		}
	}
	return list
}

func (e *Engine) whyHeldPage(h *pipeline.HeldPage, keys []string) pipeline.Reason {
	r := pipeline.Reason{Text: h.Reason, File: h.Adapter.Path, Line: h.Line, Column: h.Column}
	switch {
	case len(keys) == 0:
		r.Hint = "look at disableKinds in the configuration"
	case keys[0] == "draft":
		r.Hint = "remove draft, or build with --buildDrafts"
	case slices.Contains(keys, "expirydate"):
		r.Hint = "change the date, or build with --buildExpired"
	default:
		r.Hint = "change the date, build again later, or build with --buildFuture"
	}
	return r
}

// heldAt is why the page of an adapter at a published path would not be there, but
// for a flag.
func (e *Engine) heldAt(path string) string {
	o, ok := e.pages.owners[path]
	if !ok || o.page == nil || o.page.File() == nil {
		return ""
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.made.held[(&made{file: o.page.File().Filename(), language: o.page.Lang(), path: o.page.Path()}).key()]
	if m == nil {
		return ""
	}
	why, _ := e.heldMade(m, false, false, false)
	return why
}

// pathIn is where an adapter has the path of one of its pages as a text: after the
// key path, or anywhere if it stands there once. No place where it does not, as
// when paths come from data.
func pathIn(a *pipeline.Content, path string) pipeline.Place {
	dir := strings.ToLower(strings.TrimSuffix(a.Logical, "/"+a.Base()))
	name := "/?" + regexp.QuoteMeta(strings.TrimPrefix(strings.TrimPrefix(path, dir), "/"))
	if at := quotedIn(a, "[\"`]path[\"`]\\s+", name); at.Line > 0 {
		return at
	}
	return quotedIn(a, "", name)
}

// quotedIn is the only place of a text in quotes, by an expression, behind another.
func quotedIn(a *pipeline.Content, before, text string) pipeline.Place {
	src, err := a.Read()
	if err != nil {
		return pipeline.Place{}
	}
	at := regexp.MustCompile("(?i)"+before+"[\"`]("+text+")[\"`]").FindAllSubmatchIndex(src, 2)
	if len(at) != 1 {
		return pipeline.Place{}
	}
	return pipeline.PlaceAt(src, at[0][2])
}
