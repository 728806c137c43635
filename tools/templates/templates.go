// Package templates tells what a template reads of pages, from its text alone.
//
// What enters: the text of a template. What leaves: which of the values that are
// made of a page's body it names, by which of these it has Go code sort or choose
// pages, whether it can get at other pages at all, which partials it calls, and
// what in it nobody can tell about. It errs on the side of more: a parameter that
// is called Summary is taken for the summary.
package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"
)

// Body are the values of a page that are made of its body, by the names that
// templates have for them. Whatever is not here is made of front matter, of paths
// and of the configuration; a test holds that to all methods of Hugo's pages.
var Body = map[string]bool{
	"Content": true, "ContentWithoutSummary": true, "Summary": true, "Truncated": true, "Plain": true, "PlainWords": true,
	"WordCount": true, "FuzzyWordCount": true, "ReadingTime": true, "Len": true, "TableOfContents": true, "Fragments": true,
	"HeadingsFiltered": true, "RawContent": true, "RenderShortcodes": true, "HasShortcode": true, "Markup": true, "ApplyFilterToHeadings": true,
}

// lower are the same names in small letters: sort and where do not mind case.
var lower = func() map[string]string {
	m := make(map[string]string)
	for name := range Body {
		m[strings.ToLower(name)] = name
	}
	return m
}()

// Reads is what one template reads.
type Reads struct {
	// Names are the names of Body that it has, whatever has them.
	Names map[string]bool
	// Keys are the names of Body by which it may have pages sorted or chosen:
	// nothing that an engine notes while it runs shows these reads.
	Keys map[string]bool
	// Pages says that it can get at pages other than those that it is given.
	Pages bool
	// Partials are the partials that it calls by a name that is written there;
	// AnyPartial says that it calls one whose name is computed.
	Partials   map[string]bool
	AnyPartial bool
	// Defines are the templates that it defines, such as _partials/inline/a.html.
	Defines map[string]bool
	// Cached are the partials among these whose result is kept for other outputs.
	Cached map[string]bool
	// Current says that it asks for the page that is being rendered, whatever it
	// was given.
	Current bool
	// Converts says that it has a text converted, with shortcodes and hooks.
	Converts bool
	// Unnoted says that it may have pages in hand of which an engine notes nothing:
	// those of a term, with their weights.
	Unnoted bool
	// Assets says that it may publish a file that no page owns.
	Assets bool
	// Builds says that it has scripts or style sheets put together from files that
	// they name.
	Builds bool
	// Formats says that it asks which format is being rendered.
	Formats bool
	// Doubts are what it does that may reach further than its own output, or that
	// is not known.
	Doubts []string

	own []string // templates that it defines, as they are written
}

func newReads() *Reads {
	return &Reads{Names: make(map[string]bool), Keys: make(map[string]bool), Partials: make(map[string]bool), Defines: make(map[string]bool), Cached: make(map[string]bool)}
}

// allKeys stands for a key that is computed.
func (r *Reads) allKeys() {
	for name := range Body {
		r.Keys[name] = true
	}
}

func (r *Reads) doubt(format string, args ...any) {
	d := fmt.Sprintf(format, args...)
	if !slices.Contains(r.Doubts, d) {
		r.Doubts = append(r.Doubts, d)
	}
}

// Of parses a template's text. One that cannot be parsed is all doubt.
func Of(name, text string) *Reads {
	r := newReads()
	t := parse.New(name)
	t.Mode = parse.SkipFuncCheck
	set := make(map[string]*parse.Tree)
	if _, err := t.Parse(text, "", "", set); err != nil {
		r.doubt("it cannot be parsed: %v", err)
		return r
	}
	for define := range set {
		r.own = append(r.own, define)
		r.Defines[strings.ToLower(strings.TrimPrefix(define, "/"))] = true
	}
	set[name] = t
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key].Root != nil {
			r.node(set[key].Root)
		}
	}
	return r
}

func (r *Reads) list(nodes *parse.ListNode) {
	if nodes != nil {
		r.node(nodes)
	}
}

func (r *Reads) branch(b *parse.BranchNode) {
	r.pipe(b.Pipe)
	r.list(b.List)
	r.list(b.ElseList)
}

func (r *Reads) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for i, c := range p.Cmds {
		r.command(c, i > 0)
	}
}

func (r *Reads) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			r.node(c)
		}
	case *parse.ActionNode:
		r.pipe(n.Pipe)
	case *parse.PipeNode:
		r.pipe(n)
	case *parse.CommandNode:
		r.command(n, false)
	case *parse.IfNode:
		r.branch(&n.BranchNode)
	case *parse.RangeNode:
		r.branch(&n.BranchNode)
	case *parse.WithNode:
		r.branch(&n.BranchNode)
	case *parse.TemplateNode:
		if !slices.Contains(r.own, n.Name) {
			r.doubt("template %q: it stands in another file", n.Name)
		}
		r.pipe(n.Pipe)
	case *parse.FieldNode:
		r.paging(n.Ident[1:])
		r.fields(n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] != "$" {
			r.paging(n.Ident[1:])
		} else if len(n.Ident) > 2 {
			r.paging(n.Ident[2:])
		}
		r.fields(n.Ident[1:])
	case *parse.ChainNode:
		r.paging(n.Field)
		if id, ok := n.Node.(*parse.IdentifierNode); ok {
			r.function(strings.ToLower(id.Ident), n.Field)
		} else {
			r.node(n.Node)
		}
		r.fields(n.Field)
	case *parse.IdentifierNode:
		r.function(strings.ToLower(n.Ident), nil)
	case *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.BoolNode, *parse.NumberNode, *parse.DotNode, *parse.NilNode, *parse.BreakNode, *parse.ContinueNode:
	default:
		r.doubt("a part of it is not known: %T", n)
	}
}

// paging is for names behind another page: the first to ask for its pager decides
// what is in that.
func (r *Reads) paging(idents []string) {
	if slices.Contains(idents, "Paginate") || slices.Contains(idents, "Paginator") {
		r.doubt("Paginate: the pager of another page")
	}
}

// key takes a text for one that pages are sorted or chosen by: "WordCount", or
// "Page.WordCount".
func (r *Reads) key(s string) {
	for part := range strings.SplitSeq(s, ".") {
		part = strings.ToLower(strings.TrimSpace(part))
		if name, ok := lower[part]; ok {
			r.Keys[name] = true
		}
		for name, why := range denied {
			if part == strings.ToLower(name) {
				r.doubt("the key %s: %s", name, why)
			}
		}
		for name := range others {
			r.Pages = r.Pages || part == strings.ToLower(name)
		}
		for name, key := range whole {
			if part == strings.ToLower(name) {
				r.Keys[key] = true
			}
		}
	}
}

// others are the ways from a page, or from nothing, to other regular pages. What
// leads to sections alone is none: their bodies are not among those that may change
// in a part of a build.
var others = map[string]bool{
	"GetPage": true, "Site": true, "Sites": true, "Pages": true, "RegularPages": true, "RegularPagesRecursive": true, "PagesRecursive": true, "AllPages": true,
	"Next": true, "Prev": true, "NextPage": true, "PrevPage": true, "NextInSection": true, "PrevInSection": true, "Translations": true, "AllTranslations": true, "GetTerms": true, "Taxonomies": true,
	"Related": true, "RelatedTo": true, "RelatedIndices": true, "Menus": true, "Paginate": true, "Paginator": true, "Rotate": true,
	"Data": true,
}

// whole are the methods that choose or order pages by a value of Body.
var whole = map[string]string{"ByLength": "Len", "Related": "Fragments", "RelatedTo": "Fragments", "RelatedIndices": "Fragments"}

// denied are methods that reach further than the output that calls them, or call
// a template in a way that is not followed.
var denied = map[string]string{
	"Store": "what one page keeps there another may read", "Scratch": "what one page keeps there another may read",
	"Publish": "it publishes a file that nothing names", "Render": "it calls a template by a computed name",
	"FileInfo": "it shows how large a file is", "Open": "it reads a file",
	"ExecuteAsTemplate": "it makes a template of a text", "Defer": "it runs after all others", "PostProcess": "it runs after all others",
}

// unnoted lead to pages of a term, which have their own kind of value.
var unnoted = map[string]bool{"Taxonomies": true, "WeightedPages": true, "Terms": true, "ByCount": true, "Alphabetical": true, "TaxonomyArray": true}

// publish are functions that make files.
var publish = map[string]bool{"resources": true, "images": true, "css": true, "js": true, "fingerprint": true, "minify": true, "tocss": true, "postcss": true, "babel": true}

func (r *Reads) fields(idents []string) {
	for _, name := range idents {
		if Body[name] {
			r.Names[name] = true
		}
		r.Pages = r.Pages || others[name]
		if key, ok := whole[name]; ok {
			r.Keys[key] = true
		}
		if why, ok := denied[name]; ok {
			r.doubt(".%s: %s", name, why)
		}
		r.Converts = r.Converts || name == "RenderString" || name == "RenderShortcodes"
		r.Unnoted = r.Unnoted || unnoted[name]
		r.Assets = r.Assets || name == "Resources"
		r.Formats = r.Formats || name == "AlternativeOutputFormats" || name == "OutputFormat"
	}
}

// namespaces whose functions work on what they are given, read no body of a page
// in Go, and leave nothing behind; those that are not like that follow in denied
// functions, or are looked at in command.
var namespaces = map[string]bool{
	"cast": true, "collections": true, "compare": true, "crypto": true, "css": true, "diagrams": true, "encoding": true, "fmt": true, "hash": true,
	"images": true, "inflect": true, "js": true, "lang": true, "math": true, "openapi3": true, "os": true, "page": true, "partials": true, "path": true,
	"reflect": true, "resources": true, "safe": true, "site": true, "strings": true, "templates": true, "time": true, "transform": true, "urls": true,
	"hugo": true,
}

// plainFunctions are the short names of functions of the same sort.
var plainFunctions = func() map[string]bool {
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(`
		absLangURL absURL add after and anchorize append apply base64Decode base64Encode chomp complement cond countrunes countwords default delimit
		dict div echoParam emojify eq errorf erroridf fileExists fingerprint findRE findRESubmatch first float ge getenv group gt hasPrefix hasSuffix
		highlight hmac htmlEscape htmlUnescape humanize hugo i18n imageConfig in index int intersect isset jsonify keyVals last le len lower lt
		markdownify md5 merge minify mod modBool mul ne newScratch not or partial partialCached plainify pluralize pow print printf println
		querify range readFile ref relLangURL relURL relref replace replaceRE return reverse round safeCSS safeHTML safeHTMLAttr safeJS safeJSStr
		safeURL sha1 sha256 seq singularize site slice slicestr sort split sqrt string strings sub substr symdiff t T time title trim
		truncate try union uniq unmarshal upper urlize urlquery urls warnf warnidf where xxhash page js html block`) {
		m[strings.ToLower(name)] = true
	}
	return m
}()

// deniedFunctions are those that an output may not use without the whole site
// being rendered.
var deniedFunctions = map[string]string{
	"collections.shuffle": "chance", "math.rand": "chance", "math.counter": "what the process counts",
	"templates.defer": "it runs after all others", "resources.postprocess": "it runs after all others", "resources.executeastemplate": "it makes a template of a text",
	"hugo.store": "what one page keeps there another may read", "site.store": "what one page keeps there another may read",
	"resources.getremote": "remote data", "openapi3.unmarshal": "remote references", "css.postcss": "another program", "css.tailwindcss": "another program",
	"js.babel": "another program", "css.sass": "another program",
	"js.batch": "what one page adds another may build", "newscratch": "what one page keeps there another may read", "collections.newscratch": "what one page keeps there another may read",
	"resources.concat": "the first to name a file decides what is in it", "resources.copy": "the first to name a file decides what is in it",
	"os.readdir": "it shows how large files are",
}

func (r *Reads) function(name string, fields []string) {
	full := name
	if namespaces[name] && len(fields) > 0 {
		full = name + "." + strings.ToLower(fields[0])
	}
	if why := deniedFunctions[full]; why != "" {
		r.doubt("%s: %s", full, why)
	}
	r.Current = r.Current || name == "page"
	r.Assets = r.Assets || publish[name]
	r.Builds = r.Builds || name == "js" || name == "css"
	r.Converts = r.Converts || name == "markdownify" || full == "transform.markdownify"
	if !namespaces[name] && !plainFunctions[name] {
		r.doubt("the function %s is not known", full)
	}
}

// command looks at calls whose arguments matter.
func (r *Reads) command(c *parse.CommandNode, piped bool) {
	name := ""
	var field string // the method that is called, if it is one
	switch f := c.Args[0].(type) {
	case *parse.IdentifierNode:
		name = strings.ToLower(f.Ident)
	case *parse.ChainNode:
		if id, ok := f.Node.(*parse.IdentifierNode); ok && namespaces[strings.ToLower(id.Ident)] {
			name = strings.ToLower(id.Ident + "." + strings.Join(f.Field, "."))
		}
		field = f.Field[len(f.Field)-1]
	case *parse.FieldNode:
		field = f.Ident[len(f.Ident)-1]
	case *parse.VariableNode:
		field = f.Ident[len(f.Ident)-1]
	}
	args := c.Args[1:]
	// literal reports whether an argument is a text that is written there; past the
	// last one stands what the pipe brings.
	literal := func(i int) (string, bool) {
		if i >= len(args) {
			return "", false
		}
		s, ok := args[i].(*parse.StringNode)
		if !ok {
			return "", false
		}
		return s.Text, true
	}
	// The second argument of these is a key.
	byKey := func(i int, must bool) {
		if text, ok := literal(i); ok {
			r.key(text)
		} else if must || piped || i < len(args) {
			r.allKeys()
		}
	}
	switch name {
	case "where", "collections.where":
		byKey(1, true)
	case "sort", "collections.sort":
		byKey(1, false) // without one values are compared, and a page is none
	case "partial", "partials.include", "partialcached", "partials.includecached":
		if text, ok := literal(0); ok {
			r.Partials[text] = true
		} else {
			r.AnyPartial = true
		}
		if strings.HasSuffix(name, "cached") {
			r.cached(args, piped)
		}
	case "apply", "collections.apply":
		if text, ok := literal(1); !ok {
			r.doubt("apply: a function that is computed")
		} else if text = strings.ToLower(text); text == "partialcached" || text == "partials.includecached" {
			r.doubt("apply: %s keeps what is made of one for others", text)
		} else if text == "partial" || strings.HasPrefix(text, "partials.") {
			if p, ok := literal(2); ok {
				r.Partials[p] = true
			} else {
				r.AnyPartial = true
			}
		} else {
			if strings.HasSuffix(text, "where") || strings.HasSuffix(text, "sort") {
				r.allKeys()
			}
			if strings.HasSuffix(text, "group") || strings.HasPrefix(text, "site.") || strings.HasPrefix(text, "page.") || strings.HasPrefix(text, "hugo.") {
				r.doubt("apply: %s", text)
			}
			ns, rest, _ := strings.Cut(text, ".")
			r.function(ns, strings.Fields(rest))
		}
	}
	if field == "GroupBy" {
		byKey(0, true)
	}
	for _, a := range c.Args {
		r.node(a)
	}
}

// cached looks at a call of a partial whose result is kept: the first to call makes
// it, and in a part of a build that is another one. So it must not matter who that
// is: the partial is given a value that is the same for all, or one that is among
// the variants, or a page whose path is.
func (r *Reads) cached(args []parse.Node, piped bool) {
	text, ok := "", len(args) > 0
	if ok {
		var s *parse.StringNode
		if s, ok = args[0].(*parse.StringNode); ok {
			text = s.Text
		}
	}
	if !ok || piped {
		r.doubt("partialCached: its name or what it is given is computed")
		return
	}
	r.Cached[text] = true
	if len(args) == 1 {
		return
	}
	of := args[1].String()
	switch n := args[1].(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode:
		return
	case *parse.IdentifierNode:
		if n.Ident == "site" || n.Ident == "hugo" || n.Ident == "dict" || n.Ident == "slice" {
			return
		}
	}
	if of == ".Site" || of == "$.Site" || of == ".Page.Site" {
		return
	}
	at := of + ".Path"
	if of == "." {
		at = ".Path"
	}
	for _, variant := range args[2:] {
		if v := variant.String(); v == of && of != "." && of != "$" || v == at {
			return
		}
	}
	r.doubt("partialCached %q: what is made for one page may be shown on another; give it site, or .Path as a variant", text)
}
