package highlight

import (
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/dlclark/regexp2/v2"
)

// Tokenise implements chroma.Lexer for the text that Render makes: the key of a
// language, a zero byte, code.
func (privateLexer) Tokenise(options *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	key, code, _ := strings.Cut(text, "\x00")
	return lookup(key).tokenise(options, code)
}

// tokenise is the Tokenise of the language's lexer.
func (l language) tokenise(options *chroma.TokeniseOptions, code string) (chroma.Iterator, error) {
	rules, err := l.rules()
	if err != nil {
		return nil, err
	}
	if rules == nil || options != nil {
		return l.lexer.Tokenise(options, code)
	}
	return rules.tokenise(code), nil
}

// A run is chroma's LexerState.Iterator over one text.
type run struct {
	state chroma.LexerState // what emitters and mutators see
	rules *ruleset
	root  string // the state in which it begins
	text  string // that of state.Text, if all is ASCII
	end   int
	queue []emitted // what the last match gave, and was not given out yet
	wild  map[*rule]bool
}

// emitted is a token, or an iterator of some.
type emitted struct {
	token chroma.Token
	more  chroma.Iterator
}

// tokenise begins with the options that chroma takes for none.
func (s *ruleset) tokenise(text string) chroma.Iterator {
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	added := s.lexer.Config().EnsureNL && !strings.HasSuffix(text, "\n")
	if added {
		text += "\n"
	}
	r := s.run("root", text)
	if added {
		r.end--
	}
	return r.next
}

func (s *ruleset) run(root, text string) *run {
	r := &run{rules: s, root: root}
	r.state = chroma.LexerState{
		Lexer: s.lexer, Registry: lexers.GlobalLexerRegistry, Text: []rune(text), Rules: s.rules,
		Stack: []string{root}, MutatorContext: map[any]any{},
	}
	r.end = len(r.state.Text)
	if r.end == len(text) && isASCII(text) {
		r.text = text
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// part is a part of the text.
func (r *run) part(at, length int) string {
	if r.text != "" {
		return r.text[at : at+length]
	}
	return string(r.state.Text[at : at+length])
}

// waiting returns a token of what the last match gave; EOF if there is none.
func (r *run) waiting() chroma.Token {
	for len(r.queue) > 0 {
		first := &r.queue[0]
		t := first.token
		if first.more != nil {
			t = first.more()
		}
		if first.more == nil || t == chroma.EOF {
			r.queue = r.queue[1:]
		}
		if t.Type != chroma.Ignore && t != chroma.EOF {
			return t
		}
	}
	return chroma.EOF
}

// next is the iterator.
func (r *run) next() chroma.Token {
	s := &r.state
	for s.Pos < r.end && len(s.Stack) > 0 {
		if t := r.waiting(); t != chroma.EOF {
			return t
		}
		s.State = s.Stack[len(s.Stack)-1]
		at := r.rules.state(s.State)
		if at == nil {
			panic("unknown state " + s.State) // as chroma does
		}
		list := at.other
		if ch := s.Text[s.Pos]; ch < 128 {
			list = at.ascii[ch]
		}
		found, length, match := r.firstMatch(list)
		if found == nil {
			// An error at the end of a line begins the lexer anew.
			if s.Text[s.Pos] == '\n' && s.State != r.root {
				s.Stack = []string{r.root}
				continue
			}
			s.Pos++
			return chroma.Token{Type: chroma.Error, Value: r.part(s.Pos-1, 1)}
		}
		pos := s.Pos
		s.Pos += length
		s.Rule, s.Groups, s.NamedGroups = found.index, nil, nil
		var all []regexp2.Group
		if found.kind == grouped || found.kind == general {
			all = match.Groups()
		}
		if found.needsGroups() {
			s.NamedGroups = make(map[string]string)
			for _, g := range all {
				s.Groups = append(s.Groups, g.String())
				s.NamedGroups[g.Name] = g.String()
			}
		}
		if found.Mutator != nil {
			if err := found.Mutator.Mutate(s); err != nil {
				panic(err) // as chroma does
			}
		}
		switch found.kind {
		case single:
			if t := (chroma.Token{Type: found.token, Value: r.part(pos, length)}); t.Type != chroma.Ignore && t != chroma.EOF {
				return t
			}
		case grouped:
			r.queue = r.queue[:0]
			for i, g := range all[1:] {
				r.emit(&found.parts[i], g.RuneIndex, g.RuneLength)
			}
		case general:
			r.queue = append(r.queue[:0], emitted{more: found.Type.Emit(s.Groups, s)})
		}
	}
	if t := r.waiting(); t != chroma.EOF {
		return t
	}
	if s.Pos != len(s.Text) && len(s.Stack) == 0 {
		value := r.part(s.Pos, len(s.Text)-s.Pos)
		s.Pos = len(s.Text)
		return chroma.Token{Type: chroma.Error, Value: value}
	}
	return chroma.EOF
}

// emit adds what a group gives.
func (r *run) emit(p *part, at, length int) {
	switch {
	case p.kind == nothing:
	case p.kind == single:
		r.queue = append(r.queue, emitted{token: chroma.Token{Type: p.token, Value: r.part(at, length)}})
	case p.within:
		if length > 0 { // else there is nothing in it
			r.queue = append(r.queue, emitted{more: r.rules.run(p.state, r.part(at, length)).next})
		}
	default:
		r.queue = append(r.queue, emitted{more: p.emitter.Emit([]string{r.part(at, length)}, &r.state)})
	}
}

// needsGroups reports whether an emitter may read the groups of the state.
func (r *rule) needsGroups() bool {
	if r.kind == general {
		return true
	}
	for i := range r.parts {
		if r.parts[i].kind == general && !r.parts[i].within {
			return true
		}
	}
	return false
}

// firstMatch returns the first of the rules that matches here, and how long the
// match is. The match itself is nil for a plain rule, which has no groups.
func (r *run) firstMatch(list []*rule) (found *rule, length int, match *regexp2.Match) {
	for _, candidate := range list {
		if candidate.isPlain {
			if n := lengthOf(candidate.plain, r.state.Text, r.state.Pos); n >= 0 {
				return candidate, n, nil
			}
			continue
		}
		match, err := candidate.Regexp.FindRunesMatchStartingAt(r.state.Text, r.state.Pos)
		if err != nil {
			match = r.again(candidate)
		}
		if match != nil && match.RuneIndex == r.state.Pos {
			return candidate, match.RuneLength, match
		}
	}
	return nil, 0, nil
}

// patience is how often an expression is tried again that took too long.
const patience = 8

// again tries a rule that took longer than chroma gives it: a quarter of a
// second on the clock, which is no match. That may say that the expression runs
// wild on this text; it also happens when other programs have the processor,
// and would make other bytes of the same text. What takes too long each time
// runs wild, and is given one chance from then on.
func (r *run) again(slow *rule) *regexp2.Match {
	if r.wild[slow] {
		return nil
	}
	for range patience {
		if match, err := slow.Regexp.FindRunesMatchStartingAt(r.state.Text, r.state.Pos); err == nil {
			return match
		}
	}
	if r.wild == nil {
		r.wild = make(map[*rule]bool)
	}
	r.wild[slow] = true
	return nil
}
