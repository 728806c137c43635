package highlight

import "github.com/dlclark/regexp2/v2/syntax"

// Most of what matches in code is white space, a name, a bracket. Their
// expressions are a few sets of characters in a row, which the expression engine
// itself found to need no way back. They are matched here without it.

// A stretch is a number of characters of one set.
type stretch struct {
	ascii     [2]uint64
	set       *syntax.CharSet // for characters beyond ASCII; nil: other tells
	other     func(rune) bool
	low, high int
}

func (s *stretch) has(ch rune) bool {
	if ch < 128 {
		return s.ascii[ch/64]&(1<<(ch%64)) != 0
	}
	if s.set != nil {
		return s.set.CharIn(ch)
	}
	return s.other(ch)
}

// stretches returns what an expression comes down to, if it is so plain.
func stretches(n *syntax.RegexNode, list []stretch) ([]stretch, bool) {
	if n.Options&syntax.RightToLeft != 0 {
		return nil, false
	}
	low, high := 1, 1
	switch n.T {
	case syntax.NtStart, syntax.NtEmpty, syntax.NtUpdateBumpalong:
		return list, n.T != syntax.NtStart || len(list) == 0
	case syntax.NtCapture, syntax.NtGroup, syntax.NtAtomic:
		return stretches(n.Children[0], list)
	case syntax.NtConcatenate:
		ok := true
		for _, c := range n.Children {
			if list, ok = stretches(c, list); !ok {
				return nil, false
			}
		}
		return list, true
	case syntax.NtMulti:
		if n.Options&syntax.IgnoreCase != 0 {
			return nil, false
		}
		for _, ch := range n.Str {
			list = append(list, newStretch(1, 1, nil, func(r rune) bool { return r == ch }))
		}
		return list, true
	case syntax.NtOneloopatomic, syntax.NtNotoneloopatomic, syntax.NtSetloopatomic:
		low, high = n.M, n.N
	case syntax.NtOne, syntax.NtNotone, syntax.NtSet:
	default:
		return nil, false
	}
	if n.Options&syntax.IgnoreCase != 0 {
		return nil, false
	}
	ch := n.Ch
	switch {
	case n.IsSetFamily():
		if n.Set == nil {
			return nil, false
		}
		return append(list, newStretch(low, high, n.Set, n.Set.CharIn)), true
	case n.IsOneFamily():
		return append(list, newStretch(low, high, nil, func(r rune) bool { return r == ch })), true
	}
	return append(list, newStretch(low, high, nil, func(r rune) bool { return r != ch })), true
}

func newStretch(low, high int, set *syntax.CharSet, has func(rune) bool) stretch {
	s := stretch{set: set, other: has, low: low, high: high}
	for ch := range rune(128) {
		if has(ch) {
			s.ascii[ch/64] |= 1 << (ch % 64)
		}
	}
	return s
}

// lengthOf is how long a match of the stretches is here; -1 is none.
func lengthOf(list []stretch, text []rune, pos int) int {
	at := pos
	for i := range list {
		s := &list[i]
		end := len(text)
		if s.high < end-at {
			end = at + s.high
		}
		begin := at
		for at < end && s.has(text[at]) {
			at++
		}
		if at-begin < s.low {
			return -1
		}
	}
	return at - pos
}
