package hugo

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gohugoio/hugo/resources/page"
)

// Hugo keeps of each page its source, the text that it parsed and the table of
// contents to the end of the build, beside the HTML. Once a page is written
// nothing but another page that asks for these needs them: a fifth of the memory
// that lives. So its entries in Hugo's caches are put out of date, as a server
// does when a file changes: who asks for one again has it made again.
//
// Pages with shortcodes keep theirs, since to make it again would execute them
// once more.

// release forgets what an output needed that is written now.
func (e *Engine) release(path string) {
	o, ok := e.pages.owners[path]
	if !ok || o.page == nil || o.alias || e.only != nil {
		return
	}
	last := o.left.Add(-1) == 0
	n, err := releaseText(o.page, o.format, last)
	if err != nil {
		e.releasing.Store(&err) // the build is right without it; TestSeams is not
	}
	e.released.Add(int64(n))
}

// releaseText puts the entry of a page's text in one format out of date, and if
// this was the last of its formats that of its source. It says how many it found.
func releaseText(p page.Page, format string, last bool) (entries int, err error) {
	content := within(reflect.ValueOf(p), "m", "content")
	parsed := within(content, "pi")
	id := within(parsed, "sid")
	shortcodes := within(parsed, "shortcodeParseInfo", "shortcodes")
	if id.Kind() != reflect.Uint64 || shortcodes.Kind() != reflect.Slice {
		return 0, fmt.Errorf("hugo seam Release: %T has other fields than expected", p)
	}
	if shortcodes.Len() > 0 {
		return 0, nil
	}
	texts := within(content, "pm", "contentTableOfContents", "c")
	if entries, err = outdate(texts, fmt.Sprintf("%s_%d", format, id.Uint())); err != nil || !last {
		return entries, err
	}
	sources := within(parsed, "h", "cacheContentSource", "c")
	n, err := outdate(sources, id.Uint())
	return entries + n, err
}

// outdate replaces what a cache has, if it has it, by an empty value that is out
// of date. It neither deletes, since that may wait for one who waits for the
// cache, nor touches what others may be reading.
func outdate(cache reflect.Value, key any) (entries int, err error) {
	if cache.Kind() != reflect.Pointer || cache.IsNil() {
		return 0, errors.New("hugo seam Release: no cache")
	}
	cache = reflect.NewAt(cache.Type().Elem(), cache.UnsafePointer()) // as if it was exported
	k := reflect.ValueOf(key)
	get, set := cache.MethodByName("Get"), cache.MethodByName("Set")
	if !get.IsValid() || !set.IsValid() || get.Type().NumIn() != 1 || get.Type().In(0) != k.Type() || set.Type().NumIn() != 2 {
		return 0, fmt.Errorf("hugo seam Release: %s has other methods than expected", cache.Type())
	}
	if found := get.Call([]reflect.Value{k}); !found[len(found)-1].Bool() {
		return 0, nil
	}
	entry := reflect.New(set.Type().In(1).Elem())
	version := within(entry, "StaleVersionFunc")
	if !version.IsValid() || version.Type() != reflect.TypeFor[func() uint32]() {
		return 0, fmt.Errorf("hugo seam Release: %s has no StaleVersionFunc", entry.Type())
	}
	version.Set(reflect.ValueOf(func() uint32 { return 1 }))
	set.Call([]reflect.Value{k, entry})
	return 1, nil
}

// within follows the fields of structures and of pointers to them. What is not
// there is the zero Value.
func within(v reflect.Value, names ...string) reflect.Value {
	for _, name := range names {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		v = v.FieldByName(name)
	}
	return v
}
