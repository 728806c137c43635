package pipeline

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"duskpress/tools/cache"
)

// The kinds of values that are kept between builds.
const (
	CodeKind   cache.Kind = 1 // a block of code: its HTML
	FileKind   cache.Kind = 2 // an output file: what the File phase makes of it
	SearchKind cache.Kind = 3 // a page: what the search index has of it
	LinkKind   cache.Kind = 4 // a feed or the like: the addresses in it
	// A body of Markdown: its HTML and table of contents.
	MarkdownKind cache.Kind = 5
)

// KindName is what a kind is called in figures.
func KindName(k cache.Kind) string {
	switch k {
	case CodeKind:
		return "code blocks"
	case FileKind:
		return "files"
	case SearchKind:
		return "search records"
	case LinkKind:
		return "lists of addresses"
	case MarkdownKind:
		return "bodies"
	}
	return fmt.Sprintf("kind %d", k)
}

// settled makes a text of all settings that a hook may depend on whose results
// are kept; see Hooks.Cached.
func (p *Pipeline) settled(s step) string {
	table := any(nil)
	if all, ok := p.settings.Params["plugins"].(map[string]any); ok {
		table = all[s.Name]
	}
	raw, err := json.Marshal(table)
	if err != nil {
		raw = fmt.Appendf(nil, "%#v", table)
	}
	var minify any
	if p.settings.Section != nil {
		minify = p.settings.Section("minify")
	}
	return fmt.Sprintf("%s\x00%s\x00%v\x00%v\x00%+v", s.Name, raw, p.settings.Compat, p.settings.Minify, minify)
}

// caching reports whether there is a cache, and a name for the tool to put into
// its keys.
func (p *Pipeline) caching() bool { return p.Cache != nil && p.Identity != "" }

// cachedCode keeps what a Code hook makes of a block, and what it says of it.
// The second function has that made ahead, in parallel: a block that is being
// made is waited for, and not made twice.
func (p *Pipeline) cachedCode(s step, render func(Code) (CodeHTML, error)) (code func(Code) (CodeHTML, error), ahead func(Code)) {
	if !p.caching() || s.hooks.Cached == nil {
		return render, nil
	}
	settled := p.settled(s)
	var (
		mu     sync.Mutex
		making = make(map[cache.Key]chan struct{})
		early  = make(map[cache.Key]bool) // made ahead, and not asked for yet
	)
	// found looks a block up; one that was made ahead has been counted then.
	found := func(key cache.Key, tell func(Severity, string, string, string)) (html CodeHTML, ok bool) {
		mu.Lock()
		busy, counted := making[key], early[key]
		delete(early, key)
		mu.Unlock()
		if busy != nil {
			<-busy
			counted = true
		}
		get := p.Cache.Get
		if counted {
			get = p.Cache.Again
		}
		data, ok := get(CodeKind, key)
		if !ok {
			return html, false
		}
		d := newDecoder(data)
		problems := d.problems()
		html = CodeHTML{InnerLow: int(d.int()), InnerHigh: int(d.int())}
		html.HTML = unsqueeze(d.string())
		if d.end() != nil {
			return CodeHTML{}, false
		}
		replay(problems, tell)
		return html, true
	}
	create := func(key cache.Key, c Code) (CodeHTML, error) {
		var problems []Problem
		tell := c.Problem
		c.Problem = func(severity Severity, rule, message, hint string) {
			problems = append(problems, Problem{Severity: severity, Rule: rule, Message: message, Hint: hint})
		}
		html, err := render(c)
		if err == nil {
			var e encoder
			e.problems(problems)
			e.int(int64(html.InnerLow))
			e.int(int64(html.InnerHigh))
			e.string(squeeze(html.HTML))
			p.Cache.Put(CodeKind, key, e.buf)
		}
		replay(problems, tell)
		return html, err
	}
	// begin has a block be made by one caller alone. It is not ok where it is there,
	// or being made.
	begin := func(key cache.Key) (end func(ahead bool), ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if making[key] != nil || p.Cache.Has(CodeKind, key) {
			return nil, false
		}
		done := make(chan struct{})
		making[key] = done
		return func(ahead bool) {
			mu.Lock()
			defer mu.Unlock()
			delete(making, key)
			if ahead {
				early[key] = true
			}
			close(done)
		}, true
	}
	code = func(c Code) (CodeHTML, error) {
		key := p.codeKey(settled, c)
		if html, ok := found(key, c.Problem); ok {
			return html, nil
		}
		end, ok := begin(key)
		if !ok { // since then, by somebody else
			if html, ok := found(key, c.Problem); ok {
				return html, nil
			}
			return create(key, c)
		}
		defer end(false)
		return create(key, c)
	}
	ahead = func(c Code) {
		key := p.codeKey(settled, c)
		end, ok := begin(key)
		if !ok {
			return
		}
		defer end(true)
		p.Cache.Get(CodeKind, key) // counts it as missing
		_, _ = create(key, c)      // an error comes again, at its place
	}
	return code, ahead
}

func replay(problems []Problem, tell func(Severity, string, string, string)) {
	for _, x := range problems {
		if tell != nil {
			tell(x.Severity, x.Rule, x.Message, x.Hint)
		}
	}
}

// codeKey holds all of a block that a Code hook sees.
func (p *Pipeline) codeKey(settled string, c Code) cache.Key {
	o := c.Options
	sum := cache.Sum("code", p.Identity, settled, c.Text, c.Language)
	sum.Bool(c.Attributes == nil).Int(int64(len(c.Attributes)))
	for _, a := range c.Attributes {
		sum.String(a.Name, a.Value)
	}
	sum.String(o.Style, o.WrapperClass).Bool(o.NoClasses).String(fmt.Sprintf("%T %v", o.LineNos, o.LineNos))
	sum.Bool(o.LineNumbersInTable, o.AnchorLineNos).String(o.LineAnchors).Int(int64(o.LineNoStart)).String(o.HlLines)
	sum.Int(int64(len(o.HlLinesParsed)))
	for _, r := range o.HlLinesParsed {
		sum.Int(int64(r[0]), int64(r[1]))
	}
	return sum.Bool(o.HlInline, o.GuessSyntax).Int(int64(o.TabWidth)).Key()
}

// fileSteps are the plugins with a File hook. The text is what their results
// depend on beside the file; it is empty where they may not be kept.
func (p *Pipeline) fileSteps() (steps []step, settled string) {
	var b strings.Builder
	for _, s := range p.steps {
		if s.hooks.File == nil {
			continue
		}
		steps = append(steps, s)
		fmt.Fprintf(&b, "%s\x00\x00", p.settled(s))
	}
	if !p.caching() || p.Trace != nil {
		return steps, ""
	}
	return steps, "files\x00" + b.String()
}

// keeps reports whether what the steps make of a file may be kept.
func keeps(steps []step, f *File) bool {
	return !slices.ContainsFunc(steps, func(s step) bool { return s.hooks.Cached == nil || !s.hooks.Cached(f) })
}

// fileKey holds all of a file that a File hook with Cached sees.
func (p *Pipeline) fileKey(settled string, f *File) cache.Key {
	sum := cache.Sum("file", p.Identity, settled, f.Path, f.MediaType, f.URL, f.Origin).Int(int64(f.Kind)).Bool(f.Fingerprinted, f.Content != nil)
	if f.Content != nil {
		sum.String(f.Content.Path).Bool(f.Content.Blank)
	}
	return sum.Bytes(f.Data).Key()
}

// recall brings a file to the state after the File phase, if a build before
// made that of the same bytes and its result is still published.
func (p *Pipeline) recall(site *Site, f *File, key cache.Key) bool {
	data, ok := p.Cache.Get(FileKind, key)
	if !ok {
		return false
	}
	d := newDecoder(data)
	sum, size := d.take(sha256.Size), d.int()
	facts, faults, problems := d.facts(), d.faults(), d.problems()
	if d.end() != nil {
		return false
	}
	var want [sha256.Size]byte
	copy(want[:], sum)
	if !reuse(site.store, f.Path, want, size) {
		return false
	}
	f.Size, f.SHA256, f.Facts, f.Faults, f.Data = size, want, facts, faults, nil
	p.noteTold(problems)
	for _, x := range problems {
		p.problems.Add(x)
	}
	return true
}

// keep stores what the File phase made of a file.
func (p *Pipeline) keep(f *File, key cache.Key, problems []Problem) {
	var e encoder
	e.buf = append(e.buf, f.SHA256[:]...)
	e.int(f.Size)
	e.facts(f.Facts)
	e.faults(f.Faults)
	e.problems(problems)
	p.Cache.Put(FileKind, key, e.buf)
}

// A Reuser is a Store that may have a file already, from an earlier site.
type Reuser interface {
	// Reuse puts the file at a path that has these bytes there without writing
	// them, and reports whether it could.
	Reuse(path string, sum [sha256.Size]byte, size int64) bool
}

func reuse(s Store, path string, sum [sha256.Size]byte, size int64) bool {
	r, ok := s.(Reuser)
	return ok && r.Reuse(path, sum, size)
}

// The texts that highlighted code is full of, and bytes that stand for them.
var (
	squeezed   = []string{`<span class="line"><span class="cl">`, `<span class="`, `</span>`, `">`, `</span></span>`, "\n</span></span>"}
	squeezer   *strings.Replacer
	unsqueezer *strings.Replacer
)

func init() {
	var there, back []string
	// Longer ones come first, since the first that fits is taken.
	order := slices.Clone(squeezed)
	slices.SortFunc(order, func(a, b string) int { return len(b) - len(a) })
	for i, s := range order {
		there = append(there, s, string(rune(i+1)))
		back = append(back, string(rune(i+1)), s)
	}
	squeezer, unsqueezer = strings.NewReplacer(there...), strings.NewReplacer(back...)
}

// squeeze makes highlighted code a third of its size. A text that has one of the
// bytes itself stays as it is.
func squeeze(s string) string {
	for i := range squeezed {
		if strings.IndexByte(s, byte(i+1)) >= 0 {
			return "-" + s
		}
	}
	return "+" + squeezer.Replace(s)
}

func unsqueeze(s string) string {
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		return unsqueezer.Replace(rest)
	}
	return strings.TrimPrefix(s, "-")
}
