package search

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A line is one line of a shard, and where it belongs.
type line struct {
	key    string
	word   string
	weight int // in bytes, about
	w      *word
}

// split puts lines into at most n shards, and returns the files and the first
// key of each. Where a shard may begin is decided by the keys' bits, as in a
// binary trie, and the heaviest one is split first: a change of one line changes
// one shard, and now and then splits one and joins two others.
func split(dir string, lines []line, n int, encode func([]line) []byte) (files []File, first []string) {
	first = []string{}
	if len(lines) == 0 {
		return nil, first
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Or(compare(a.key, b.key), compare(a.word, b.word)) })
	keys := make([][]uint16, len(lines))
	for i, l := range lines {
		keys[i] = utf16.Encode([]rune(l.key))
	}
	shards := []shard{{to: len(lines)}}
	for _, l := range lines {
		shards[0].weight += l.weight
	}
	for len(shards) < n {
		i := 0
		for j, s := range shards {
			if !s.whole && (shards[i].whole || s.weight > shards[i].weight) {
				i = j
			}
		}
		s := shards[i]
		if s.whole || s.weight <= leastShard {
			break
		}
		if slices.Equal(keys[s.from], keys[s.to-1]) {
			shards[i].whole = true
			continue
		}
		mid := s.from
		for ; mid == s.from || mid == s.to; s.bit++ {
			// The keys from mid on have this bit, those before do not.
			mid = s.from + sort.Search(s.to-s.from, func(k int) bool { return hasBit(keys[s.from+k], s.bit) })
		}
		right := shard{from: mid, to: s.to, bit: s.bit, begin: prefix(keys[mid], s.bit-1)}
		for _, l := range lines[mid:s.to] {
			right.weight += l.weight
		}
		s.to, s.weight = mid, s.weight-right.weight
		shards[i] = s
		shards = slices.Insert(shards, i+1, right)
	}
	for _, s := range shards {
		first = append(first, shardKey(s.begin))
	}
	for i, s := range shards {
		head := first[i] + " "
		if i+1 < len(shards) {
			head += first[i+1]
		}
		files = append(files, File{
			Path: dir + "/" + first[i] + ".txt",
			Data: append([]byte(head+"\n"), encode(lines[s.from:s.to])...),
		})
	}
	return files, first
}

// A shard is the lines from from to to, which share the bits before bit.
type shard struct {
	from, to, bit int
	begin         []uint16
	weight        int
	whole         bool // one key, which cannot be split
}

// hasBit looks at a bit of a key. Each unit has a bit before its sixteen that
// says that it is there, so that a key comes before those that begin with it.
func hasBit(key []uint16, bit int) bool {
	unit, at := bit/17, bit%17
	if unit >= len(key) {
		return false
	}
	return at == 0 || key[unit]&(1<<(16-at)) != 0
}

// prefix is the least key that has the bits of key up to and with bit.
func prefix(key []uint16, bit int) []uint16 {
	unit, at := bit/17, bit%17
	p := slices.Clone(key[:unit+1])
	p[unit] &= ^uint16(0) << (16 - at)
	return p
}

// shardKey writes a key as names and the root have it.
func shardKey(key []uint16) string {
	if len(key) == 0 {
		return "0"
	}
	var b strings.Builder
	for _, u := range key {
		fmt.Fprintf(&b, "%04x", u)
	}
	return b.String()
}

// compare orders strings as JavaScript does, by UTF-16 units.
func compare(a, b string) int {
	for a != "" && b != "" {
		r, n := utf8.DecodeRuneInString(a)
		s, m := utf8.DecodeRuneInString(b)
		if r != s {
			if high, low := r >= 0x10000, s >= 0x10000; high != low {
				// A surrogate is between 0xD800 and 0xDFFF.
				if high {
					r = 0xD800
				} else {
					s = 0xD800
				}
			}
			return cmp.Compare(r, s)
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Compare(len(a), len(b))
}

// endKey is the last letter of a word, the class of its length, two lengths a
// class, and the last letter but one. Words too short for typing errors, and
// those of scripts that are indexed in pairs, have none.
func endKey(text string) string {
	chars := []rune(text)
	n := len(chars)
	if n < 3 || paired(chars[n-1]) {
		return ""
	}
	return string(chars[n-1]) + string(digits[min(n/2, 6)]) + string(chars[n-2])
}
