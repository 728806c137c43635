package hugo

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/config"
	"github.com/gohugoio/hugo/config/allconfig"
	"github.com/gohugoio/hugo/langs"
	"github.com/gohugoio/hugo/parser/metadecoders"

	"duskpress/tools/frontmatter"
	"duskpress/tools/pipeline"
)

// checkConfigKeys reports keys of the site's configuration files that Hugo does
// not read, which it passes over without a word. What it knows is read off the
// types that it decodes the configuration into.
func (e *Engine) checkConfigKeys() {
	for _, name := range e.configFiles() {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // Hugo has read it, so somebody just removed it
		}
		format := metadecoders.FormatFromString(filepath.Ext(name))
		if format == "" {
			continue
		}
		raw, err := metadecoders.Default.UnmarshalToMap(data, format)
		if err != nil {
			continue // an error of Hugo's
		}
		c := &configChecker{problems: e.problems, file: e.log.relative(name), data: data, format: string(format)}
		c.root(raw, filepath.Base(name))
	}
}

// lookForAllowances has the configuration and the site's own templates looked
// through for comments that suspend a rule; content is when it is read.
func (e *Engine) lookForAllowances() {
	for _, name := range e.configFiles() {
		e.problems.Look(e.log.relative(name))
	}
	_ = filepath.WalkDir(filepath.Join(e.opts.Source, "layouts"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			e.problems.Look(e.log.relative(path))
		}
		return nil
	})
}

// configFiles lists the site's own files of configuration, those of a
// configuration directory included, in the order in which Hugo reads them; no
// theme's and no module's.
func (e *Engine) configFiles() []string {
	var files []string
	for _, name := range e.configs.LoadingInfo.ConfigFiles {
		info, err := os.Stat(name)
		switch {
		case err != nil:
		case info.IsDir():
			_ = filepath.WalkDir(name, func(path string, d os.DirEntry, err error) error {
				// Hugo names every directory below, so this one's files may be there already.
				if err == nil && !d.IsDir() && !slices.Contains(files, path) && config.IsValidConfigFilename(path) {
					files = append(files, path)
				}
				return nil
			})
		case filepath.Dir(name) == filepath.Clean(e.opts.Source) || slices.Contains(e.given(), name):
			files = append(files, name)
		}
	}
	return files
}

// given are the files that --config names.
func (e *Engine) given() []string {
	var files []string
	for name := range strings.SplitSeq(e.opts.ConfigFile, ",") {
		if name = strings.TrimSpace(name); name != "" && !filepath.IsAbs(name) {
			name = filepath.Join(e.opts.Source, name)
		}
		files = append(files, name)
	}
	return files
}

type configChecker struct {
	problems *pipeline.Problems
	file     string
	data     []byte
	format   string
	prefix   string // of all keys of a file in a configuration directory
}

// root checks a file. In a configuration directory its name says which table it
// holds: menus.en.toml is languages.en.menus.
func (c *configChecker) root(raw map[string]any, base string) {
	table, rest, _ := strings.Cut(strings.ToLower(base), ".")
	if table == "hugo" || table == "config" {
		c.table(raw, reflect.TypeFor[allconfig.Config](), "")
		return
	}
	if lang, _, _ := strings.Cut(rest, "."); lang != rest && table != "menus" && table != "menu" && table != "params" {
		c.prefix = "languages." + lang + "."
		c.table(raw, reflect.TypeFor[langs.LanguageConfig](), strings.TrimSuffix(c.prefix, "."))
		return
	}
	known := fieldsOf(reflect.TypeFor[allconfig.Config]())
	known["menu"] = known["menus"]
	t, ok := known[table]
	if !ok {
		// The name alone is wrong, or right for a file that is included elsewhere.
		if near := pipeline.Nearest(table, slices.Sorted(maps.Keys(known))); near != "" {
			c.problems.Add(pipeline.Problem{File: c.file, Line: 1, Column: 1, Severity: pipeline.Warning, Rule: "config-key",
				Message: fmt.Sprintf("the name of this file stands for the table %q, which Hugo does not read", table), Hint: fmt.Sprintf("did you mean %s.%s?", near, rest)})
		}
		return
	}
	c.prefix = table + "."
	if inner, ok := lowered(raw)[table].(map[string]any); ok && len(raw) == 1 {
		raw, c.prefix = inner, "" // [menus] is written out in menus.toml
	}
	c.value(raw, t, table)
}

func (c *configChecker) value(raw any, t reflect.Type, path string) {
	t = decoded(t)
	if list := reflect.ValueOf(raw); list.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for i := range list.Len() {
			c.value(list.Index(i).Interface(), t, path)
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if m, ok := asMap(raw); ok {
			c.table(m, t, path)
		}
	case reflect.Map:
		m, ok := asMap(raw)
		if !ok {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !strings.HasPrefix(key, "_") {
				c.value(m[key], t.Elem(), path+"."+key)
			}
		}
	}
}

func (c *configChecker) table(raw map[string]any, t reflect.Type, path string) {
	if free(t, path) {
		return
	}
	known := fieldsOf(t)
	switch {
	case t == reflect.TypeFor[langs.LanguageConfig]():
		// A language may set anew what the site sets.
		for key, field := range fieldsOf(reflect.TypeFor[allconfig.Config]()) {
			if _, ok := known[key]; !ok {
				known[key] = field
			}
		}
	case path == "":
		known["menu"] = known["menus"]
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		lower := strings.ToLower(key)
		inner := lower
		if path != "" {
			inner = path + "." + lower
		}
		field, ok := known[lower]
		switch {
		case strings.HasPrefix(lower, "_"), slices.Contains(alsoRead[path], lower):
		case ok:
			c.value(raw[key], field, inner)
		default:
			c.unknown(inner, key, slices.Sorted(maps.Keys(known)), path == "")
		}
	}
}

func (c *configChecker) unknown(dotted, key string, known []string, top bool) {
	p := pipeline.Problem{File: c.file, Severity: pipeline.Warning, Rule: "config-key",
		Message: fmt.Sprintf("Hugo does not read the key %q", dotted)}
	if off, _ := frontmatter.Locate(c.format, c.data, strings.TrimPrefix(dotted, c.prefix)); off >= 0 {
		p.Line, p.Column = frontmatter.Place(c.data, off)
	}
	switch near := pipeline.Nearest(key, known); {
	case top && movedKeys[strings.ToLower(key)] != "":
		p.Hint = "Hugo reads " + movedKeys[strings.ToLower(key)]
	case near != "":
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	case top:
		p.Hint = "what templates shall read stands in [params]"
	}
	c.problems.Add(p)
}

// movedKeys are keys that older versions of Hugo read, and what came after them.
var movedKeys = map[string]string{
	"author": "nothing of that name: templates read it in [params]", "social": "nothing of that name: templates read it in [params]",
	"blackfriday": "markup.goldmark", "disable404": "disableKinds", "disablerss": "disableKinds", "disablesitemap": "disableKinds",
	"paginate": "pagination.pagerSize", "paginatepath": "pagination.path", "pluralizelisttitle": "pluralizeListTitles",
	"pygmentscodefences": "markup.highlight.codeFences", "pygmentscodefencesguesssyntax": "markup.highlight.guessSyntax",
	"pygmentsoptions": "markup.highlight", "pygmentsstyle": "markup.highlight.style", "pygmentsuseclasses": "markup.highlight.noClasses = false",
	"pygmentsuseclassic": "markup.highlight", "rssuri": "outputFormats.rss.baseName",
}

// alsoRead are keys that Hugo reads without a field of that name.
var alsoRead = map[string][]string{
	"":        {"disqusshortname", "enableinlineshortcodes", "googleanalytics", "ignoreerrors", "indexes", "logi18nwarnings", "logpathwarnings", "minifyoutput", "rsslimit"},
	"imaging": {"quality", "compression", "hint"}, // deprecated: Hugo says so
}

// free reports tables whose keys are the author's own, or read by rules that no
// type tells.
func free(t reflect.Type, path string) bool {
	switch path {
	case "params", "cascade", "permalinks", "uglyurls", "related", "deployment", "frontmatter", "httpcache":
		return true
	}
	return t == reflect.TypeFor[allconfig.InternalConfig]() || strings.HasSuffix(path, ".params") || strings.HasSuffix(path, ".cascade")
}

// decoded is the type that a value is decoded into: what stands behind
// pointers, and the source of a namespace.
func decoded(t reflect.Type) reflect.Type {
	if m, ok := t.MethodByName("Signature"); ok && m.Type.NumOut() == 1 {
		t = m.Type.Out(0)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fieldsOf lists the keys that a struct is decoded from, in lower case.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if inner := decoded(f.Type); inner.Kind() == reflect.Struct {
				for key, field := range fieldsOf(inner) {
					fields[key] = field
				}
				continue
			}
		}
		if !f.IsExported() || f.Type == reflect.TypeFor[*allconfig.ConfigCompiled]() {
			continue
		}
		fields[strings.ToLower(f.Name)] = f.Type
		for _, tag := range []string{"mapstructure", "json"} {
			if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" && name != "-" {
				fields[strings.ToLower(name)] = f.Type
			}
		}
	}
	return fields
}

func asMap(v any) (map[string]any, bool) {
	switch m := v.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		out := make(map[string]any, len(m))
		for k, v := range m {
			out[fmt.Sprint(k)] = v
		}
		return out, true
	}
	return nil, false
}

func lowered(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = v
	}
	return out
}
