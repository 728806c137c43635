package highlight

import (
	"reflect"
	"sync"
	"unicode"
	"unsafe"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/dlclark/regexp2/v2/syntax"
)

// Chroma tries the rules of a state one after the other, each with a run of a
// backtracking engine and its allocations, and most fail at the first
// character. Here a rule is only tried where the character can begin a match of
// it. The rules, their order, the expressions and what follows a match are
// chroma's; see tokens.go.

// privateName is under which the one lexer of this package is registered. No
// author can write it: Markdown replaces the character.
const privateName = "\x00duskpress"

// It is registered before any goroutine can ask chroma, whose registry is not
// made for changes later.
func init() { lexers.Register(privateLexer{}) }

// privateLexer takes a language's key, a zero byte, and code.
type privateLexer struct{}

func (privateLexer) Config() *chroma.Config                         { return &chroma.Config{Name: privateName} }
func (privateLexer) SetRegistry(*chroma.LexerRegistry) chroma.Lexer { return privateLexer{} }
func (privateLexer) SetAnalyser(func(string) float32) chroma.Lexer  { return privateLexer{} }
func (privateLexer) AnalyseText(string) float32                     { return 0 }

// A ruleset is a lexer of chroma's with what is known of its rules.
type ruleset struct {
	lexer  *chroma.RegexLexer
	rules  chroma.CompiledRules
	states sync.Map // name to *state, for those that were entered
}

// rulesOf returns nil for a lexer that may do more than its rules say: one whose
// rules change the state of the run with code of their own.
func rulesOf(lexer chroma.Lexer) (*ruleset, error) {
	l, ok := lexer.(*chroma.RegexLexer)
	if !ok {
		return nil, nil
	}
	if _, err := l.Rules(); err != nil { // compiles them
		return nil, err
	}
	// The compiled rules are not exported. Where they are no longer found, chroma
	// does the work as it is; a test asserts that they are.
	field := reflect.ValueOf(l).Elem().FieldByName("rules")
	if !field.IsValid() || field.Type() != reflect.TypeFor[map[string][]*chroma.CompiledRule]() {
		return nil, nil
	}
	rules := *(*map[string][]*chroma.CompiledRule)(unsafe.Pointer(field.UnsafeAddr()))
	for _, list := range rules {
		for _, r := range list {
			if r.Regexp == nil || r.Regexp.RightToLeft() || !plainMutator(r.Mutator) {
				return nil, nil
			}
		}
	}
	return &ruleset{lexer: l, rules: rules}, nil
}

func plainMutator(m chroma.Mutator) bool {
	if m == nil {
		return true
	}
	s, ok := m.(chroma.SerialisableMutator)
	if !ok {
		return false
	}
	switch s.MutatorKind() {
	case "push", "pop":
		return true
	case "mutators":
		list, ok := parts[[]chroma.Mutator](m, "Mutators")
		for _, part := range list {
			ok = ok && plainMutator(part)
		}
		return ok
	}
	return false
}

// parts reads an exported field of a type that is not exported.
func parts[T any](v any, name string) (value T, ok bool) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Struct {
		return value, false
	}
	field := p.Elem().FieldByName(name)
	if !field.IsValid() || !field.CanInterface() {
		return value, false
	}
	value, ok = field.Interface().(T)
	return value, ok
}

// A state of a lexer: for each character the rules that can match there.
type state struct {
	ascii [128][]*rule
	other []*rule // for all characters beyond ASCII
}

// A rule is one of chroma's, with what its emitter comes down to.
type rule struct {
	*chroma.CompiledRule
	index   int
	kind    emission
	token   chroma.TokenType // if single
	parts   []part           // of each group, if grouped
	plain   []stretch        // instead of the expression, if isPlain
	isPlain bool
}

type emission uint8

const (
	nothing emission = iota // no token
	single                  // one token, the whole match
	grouped                 // each group by itself
	general                 // what the emitter says
)

// A part is what is made of a group.
type part struct {
	kind    emission
	token   chroma.TokenType
	emitter chroma.Emitter
	state   string // in which the lexer itself begins with the group, if within
	within  bool
}

func newRule(c *chroma.CompiledRule, index int) *rule {
	r := &rule{CompiledRule: c, index: index, kind: general}
	switch e := c.Type.(type) {
	case nil:
		r.kind = nothing
	case chroma.TokenType:
		r.kind, r.token = single, e
	case chroma.SerialisableEmitter:
		list, ok := parts[chroma.Emitters](e, "Emitters")
		if e.EmitterKind() != "bygroups" || !ok || len(list) != len(c.Regexp.GetGroupNumbers())-1 {
			break
		}
		r.kind = grouped
		for _, sub := range list {
			r.parts = append(r.parts, newPart(sub))
		}
	}
	return r
}

func newPart(e chroma.Emitter) part {
	p := part{kind: general, emitter: e}
	switch e := e.(type) {
	case nil:
		p.kind = nothing
	case chroma.TokenType:
		p.kind, p.token = single, e
	case chroma.SerialisableEmitter:
		if e.EmitterKind() == "usingself" {
			p.state, p.within = parts[string](e, "State")
		}
	}
	return p
}

// state returns a state of the lexer; nil if there is none.
func (s *ruleset) state(name string) *state {
	if found, ok := s.states.Load(name); ok {
		return found.(*state)
	}
	list, ok := s.rules[name]
	if !ok {
		return nil
	}
	st := new(state)
	for i, c := range list {
		r, begin := newRule(c, i), beginning{any: true}
		if tree, err := syntax.Parse(c.Regexp.String(), syntax.ParseOptions{}); err == nil {
			begin = firstOf(tree.Root)
			if r.kind == single || r.kind == nothing {
				r.plain, r.isPlain = stretches(tree.Root, nil)
			}
		}
		for ch := range st.ascii {
			if begin.has(ch) {
				st.ascii[ch] = append(st.ascii[ch], r)
			}
		}
		if begin.any || begin.empty || begin.other {
			st.other = append(st.other, r)
		}
	}
	found, _ := s.states.LoadOrStore(name, st)
	return found.(*state)
}

// A beginning is what a match can begin with.
type beginning struct {
	ascii [2]uint64 // these characters
	other bool      // some beyond ASCII
	empty bool      // it may have no character at all, or only begin after this node
	any   bool      // all, since nothing is known
}

func (b *beginning) has(ch int) bool {
	return b.any || b.empty || b.ascii[ch/64]&(1<<(ch%64)) != 0
}

func (b *beginning) add(ch rune) {
	if ch < 128 {
		b.ascii[ch/64] |= 1 << (ch % 64)
	} else {
		b.other = true
	}
}

// join adds what another may begin with, not whether it may be empty.
func (b *beginning) join(c beginning) {
	b.ascii[0] |= c.ascii[0]
	b.ascii[1] |= c.ascii[1]
	b.other = b.other || c.other
	b.any = b.any || c.any
}

// firstOf looks at a part of an expression. What it does not know may begin with
// anything, and what has no width, lookarounds included, is passed over: so the
// answer may be too large and never too small.
func firstOf(n *syntax.RegexNode) (b beginning) {
	if n.Options&syntax.RightToLeft != 0 && n.T != syntax.NtPosLook && n.T != syntax.NtNegLook {
		return beginning{any: true}
	}
	switch n.T {
	case syntax.NtOne, syntax.NtOneloop, syntax.NtOnelazy, syntax.NtOneloopatomic:
		b.addFolded(n.Ch, n.Options)
		b.empty = n.T != syntax.NtOne && n.M == 0
	case syntax.NtNotone, syntax.NtNotoneloop, syntax.NtNotonelazy, syntax.NtNotoneloopatomic:
		b.ascii, b.other = [2]uint64{^uint64(0), ^uint64(0)}, true
		if n.Ch < 128 && n.Options&syntax.IgnoreCase == 0 {
			b.ascii[n.Ch/64] &^= 1 << (n.Ch % 64)
		}
		b.empty = n.T != syntax.NtNotone && n.M == 0
	case syntax.NtSet, syntax.NtSetloop, syntax.NtSetlazy, syntax.NtSetloopatomic:
		if n.Set == nil || n.Options&syntax.IgnoreCase != 0 {
			return beginning{any: true}
		}
		for ch := range rune(128) {
			if n.Set.CharIn(ch) {
				b.add(ch)
			}
		}
		b.other = true
		b.empty = n.T != syntax.NtSet && n.M == 0
	case syntax.NtMulti:
		if len(n.Str) == 0 {
			return beginning{any: true}
		}
		b.addFolded(n.Str[0], n.Options)
	case syntax.NtEmpty, syntax.NtBol, syntax.NtEol, syntax.NtBoundary, syntax.NtNonboundary, syntax.NtECMABoundary, syntax.NtNonECMABoundary,
		syntax.NtBeginning, syntax.NtStart, syntax.NtEndZ, syntax.NtEnd, syntax.NtUpdateBumpalong, syntax.NtPosLook, syntax.NtNegLook:
		b.empty = true
	case syntax.NtAtomic, syntax.NtCapture, syntax.NtGroup:
		return firstOf(n.Children[0])
	case syntax.NtLoop, syntax.NtLazyloop:
		b = firstOf(n.Children[0])
		b.empty = b.empty || n.M == 0
	case syntax.NtConcatenate:
		b.empty = true
		for _, c := range n.Children {
			next := firstOf(c)
			b.join(next)
			if !next.empty {
				b.empty = false
				break
			}
		}
	case syntax.NtAlternate:
		for _, c := range n.Children {
			next := firstOf(c)
			b.join(next)
			b.empty = b.empty || next.empty
		}
	default:
		b.any = true
	}
	return b
}

func (b *beginning) addFolded(ch rune, o syntax.RegexOptions) {
	b.add(ch)
	if o&syntax.IgnoreCase != 0 {
		b.other = true // engines differ in what beyond ASCII is a letter in another case
		for f := unicode.SimpleFold(ch); f != ch; f = unicode.SimpleFold(f) {
			b.add(f)
		}
	}
}
