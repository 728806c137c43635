package hugo

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gohugoio/hugo/common/types"
	"github.com/gohugoio/hugo/hugolib"
	"github.com/gohugoio/hugo/resources/page"
)

// Where Hugo lets the order of a map decide, the same input would give other
// bytes at another run. What it has decided so is decided again here, when the
// pages are assembled and none is rendered.

// noteUnsettled remembers which sites leave their main section to Hugo.
func (e *Engine) noteUnsettled() {
	e.pages.chooseMain = make(map[string]bool)
	for _, s := range e.sites.Sites {
		lang := s.Language().Lang
		e.pages.chooseMain[lang] = !e.configs.LanguageConfigMap[lang].C.IsMainSectionsSet()
	}
}

func (e *Engine) settle(pages []page.Page) error {
	for _, s := range e.sites.Sites {
		var own []page.Page
		for _, p := range pages {
			if p.Lang() == s.Language().Lang {
				own = append(own, p)
			}
		}
		if e.pages.chooseMain[s.Language().Lang] {
			e.settleMainSection(s, own)
		}
		if err := e.settleTerms(s, own); err != nil {
			return err
		}
	}
	return nil
}

// settleMainSection takes the section with the most pages, among equals the
// first by name. Hugo takes any of them.
func (e *Engine) settleMainSection(s *hugolib.Site, pages []page.Page) {
	counts := make(map[string]int)
	for _, p := range pages {
		if p.IsPage() {
			counts[p.Section()]++
		}
	}
	best := ""
	for section, n := range counts {
		if section != "" && (best == "" || n > counts[best] || n == counts[best] && section < best) {
			best = section
		}
	}
	e.configs.LanguageConfigMap[s.Language().Lang].C.SetMainSections([]string{best})
}

// settleTerms titles a term that is spelt in several ways by the spelling used
// most, among equals the first bytewise. Hugo takes any of them.
func (e *Engine) settleTerms(s *hugolib.Site, pages []page.Page) error {
	conf := e.configs.LanguageConfigMap[s.Language().Lang]
	base := make(map[string]string) // a term as written to its page's path
	spellings := make(map[string]map[string]int)
	for _, plural := range conf.Taxonomies {
		for _, p := range pages {
			if v, ok := p.Params()[plural]; ok {
				for _, term := range types.ToStringSlicePreserveString(v) {
					if term == "" {
						continue
					}
					key := plural + "/" + term
					path, ok := base[key]
					if !ok {
						path = e.sites.Conf.PathParser().Parse("content", "/"+key+"/_index.md").Base()
						base[key] = path
					}
					if spellings[path] == nil {
						spellings[path] = make(map[string]int)
					}
					spellings[path][term]++
				}
			}
		}
	}
	for path, counts := range spellings {
		if len(counts) < 2 {
			continue
		}
		p, err := s.GetPage(path)
		if err != nil || p.Kind() != "term" || p.File() != nil {
			continue
		}
		best := ""
		for term, n := range counts {
			if best == "" || n > counts[best] || n == counts[best] && term < best {
				best = term
			}
		}
		title := best
		if conf.CapitalizeListTitles {
			title = conf.C.CreateTitle(best)
		}
		if err := retitle(p, best, title); err != nil {
			return err
		}
	}
	return nil
}

// retitle sets the term and the title of a term's page, for which Hugo has no
// setter.
func retitle(p page.Page, term, title string) error {
	fail := func() error { return fmt.Errorf("hugo seam Settle: %T has no fields m.term and m.pageConfig.Title", p) }
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer {
		return fail()
	}
	m := v.Elem().FieldByName("m")
	if !m.IsValid() || m.Kind() != reflect.Pointer || m.IsNil() {
		return fail()
	}
	termField := m.Elem().FieldByName("term")
	config := m.Elem().FieldByName("pageConfig")
	if config.Kind() == reflect.Pointer && !config.IsNil() {
		config = config.Elem()
	}
	if termField.Kind() != reflect.String || config.Kind() != reflect.Struct {
		return fail()
	}
	titleField := config.FieldByName("Title")
	if titleField.Kind() != reflect.String {
		return fail()
	}
	*(*string)(unsafe.Pointer(termField.UnsafeAddr())) = term
	*(*string)(unsafe.Pointer(titleField.UnsafeAddr())) = title
	return nil
}
