// Package search makes an index of a site's pages that a browser can ask
// without a server: many small files, of which a query reads a few.
//
// In go pages, as Extract reads them from HTML; out come files. Their form is
// said under Files below, and theme/assets/js/search/index.js reads it; the two
// must agree, and a test runs the one against the other. The package knows no pipeline, no Hugo and no disk, and starts no
// goroutine. The same pages give the same files, in whatever order they come.
//
// # What a query costs, and what an edit
//
// Two bounds pull at the layout: a query may fetch few bytes, so that a file
// must hold few words, and an edit may change few files, so that a post's words
// must not be spread over too many. On a large site both hold because a word's
// list of posts is cut: the posts that have it in a title, a heading, a tag or
// often come first, and of those that merely mention it a few are kept. A rare
// word's list is whole, and a post has few rare words; a common word's list is
// cut, and few posts get into it. Posts that a cut list leaves out are found by
// their other words, and what a record says of them is the whole truth. On a
// small site lists are long, and the index has fewer files than an edit may
// change. Nothing that counts the whole site is stored, but for the number of
// pages in the root and the magnitude of a cut list.
//
// # Files
//
//	root.json     {"v":1,"n":pages,"i":3,"w":[…],"e":[…]}: the length of an ID,
//	              and the first key of each shard
//	w/KEY.txt     words from KEY on, with the posts that have them
//	e/KEY.txt     words by their last letter, length and last letter but one,
//	              for typing errors in the first letters, which lead to the
//	              wrong w/ file
//	r/XX/ID.json  a post: address, title, date, tags, sections, and their text
//
// KEY is in hexadecimal digits, four for each UTF-16 unit, or "0" for the
// first. A shard ends where the next one begins; its first line has its own key
// and that of the next one, so that a reader with an old root notices a shard
// that has been split.
//
// Numbers are written in the 64 digits of digits. Words stand in their order
// without anything between them, each as
//
//	S rest ! ID                         one post, at level 0
//	S rest TAB N [F] H… L… M… [X…]      all others
//
// S is how many characters the word shares with the one before; N the length
// of the list less one. F, in lists that are cut, is the binary logarithm of the
// number of posts with the word, and TAB is a line feed there. Then come, for
// each post, the high digit of the difference of its ID to the one before; its
// level; and the low digits. A level of 32 more says that a hash of the
// section's id stands among X, since the text in the post's record is not the
// whole one.
package search

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// Version is that of the files' form.
const Version = 1

const (
	// idDigits is the length of an ID. With three there is room for 262,144;
	// a site that fills a quarter gets one more.
	idDigits = 3
	// smallSite is how many pages a small site has at most.
	smallSite = 800
	// leastShard is how many bytes a shard has that is not split.
	leastShard = 14 << 10
)

// A form is how a site of some size is indexed.
type form struct {
	keep, text  int // how many posts of a word are kept; of those with it in their text once or twice
	words, ends int // the most shards
}

var (
	small = form{keep: 64, text: 64, words: 48, ends: 10}
	large = form{keep: 32, text: 8, words: 224, ends: 64}
)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"

// The levels of a word in a post: three for each kind of place, by how often
// the text has it.
const (
	inText = 3 * iota
	inTags // or the description
	inHeading
	inTitle
)

// A Page is what is indexed of a page.
type Page struct {
	Title       string
	Date        string // YYYY-MM-DD, or empty
	Description string
	Tags        []string
	Sections    []Section
	// NoIndex says that the page does not want to be found.
	NoIndex bool
	// Redirect says that it leads elsewhere.
	Redirect bool
	// IndexDir is where a search page wants the index, relative to itself.
	IndexDir string
}

// A Section is a heading with an id, and the text up to the next one. The text
// before the first heading has neither.
type Section struct {
	ID, Heading, Text string
}

// A File is one file of the index.
type File struct {
	Path string // slash-separated, below the directory of the index
	Data []byte
}

// Index is an index being made. Add may be called in parallel.
type Index struct {
	addresses []string
	ids       []uint32
	width     int // digits of an ID
	form      form

	mu    sync.Mutex
	pages int
	words map[string]*word
}

type word struct {
	posts int // with the word
	hash  uint64
	best  uint8
	list  []posting
}

type posting struct {
	id      uint32
	level   uint8
	section uint8  // a hash, or 0
	order   uint64 // among equal levels, smaller first
}

// New begins an index for pages with these addresses, relative to the index's
// directory. An address decides a page's ID, and only a page that would get
// the same one has an influence on it.
func New(addresses []string) (*Index, error) {
	x := &Index{addresses: addresses, words: make(map[string]*word), width: idDigits, form: large}
	if len(addresses) <= smallSite {
		x.form = small
	}
	for len(addresses) > 1<<(6*x.width-2) {
		x.width++
	}
	if x.width > 5 {
		return nil, errors.New("too many pages")
	}
	type claim struct {
		hash uint64
		page int
	}
	claims := make([]claim, len(addresses))
	for i, a := range addresses {
		claims[i] = claim{hashOf(a), i}
	}
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(addresses[a.page], addresses[b.page]))
	})
	space := uint32(1) << (6 * x.width)
	taken := make(map[uint32]bool, len(claims))
	x.ids = make([]uint32, len(addresses))
	for i, c := range claims {
		if i > 0 && addresses[claims[i-1].page] == addresses[c.page] {
			return nil, fmt.Errorf("two pages at %s", addresses[c.page])
		}
		id := uint32(c.hash>>32) & (space - 1)
		for taken[id] {
			id = (id + 1) & (space - 1)
		}
		taken[id] = true
		x.ids[c.page] = id
	}
	return x, nil
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return mix(h.Sum64())
}

// mix spreads the bits of a hash (splitmix64).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Add takes in page i of the addresses and returns the file with its record.
func (x *Index) Add(i int, p *Page) (File, error) {
	record, whole, err := encodeRecord(x.addresses[i], p)
	if err != nil {
		return File{}, err
	}
	id := x.ids[i]
	found := pageWords(p, !whole)
	newest := ^uint64(day(p.Date)) << 32

	x.mu.Lock()
	defer x.mu.Unlock()
	x.pages++
	for text, u := range found {
		w := x.words[text]
		if w == nil {
			w = &word{hash: hashOf(text)}
			x.words[text] = w
		}
		w.posts++
		w.best = max(w.best, u.level())
		post := posting{id: id, level: u.level(), section: u.section, order: mix(w.hash^uint64(id)) >> 32}
		if post.level >= inTags {
			// Newer first. In the text alone, where a post has most of its words,
			// a new post must not push an old one out of every list.
			post.order |= newest
		}
		w.list = append(w.list, post)
		if len(w.list) >= 4*x.form.keep {
			w.cut(x.form)
		}
	}
	name := x.id(id)
	return File{Path: "r/" + name[len(name)-2:] + "/" + name + ".json", Data: record}, nil
}

// day is a number that grows with the date.
func day(date string) uint32 {
	var y, m, d uint32
	if n, _ := fmt.Sscanf(date, "%d-%d-%d", &y, &m, &d); n != 3 {
		return 0
	}
	return y*372 + m*31 + d
}

func (w *word) cut(f form) {
	slices.SortFunc(w.list, func(a, b posting) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id))
	})
	n := 0
	for n < min(len(w.list), f.keep) && (n < f.text || w.list[n].level > inText) {
		n++
	}
	w.list = w.list[:n]
}

// id writes an ID as it stands in names: in hexadecimal digits, since some disks
// do not tell a from A.
func (x *Index) id(id uint32) string {
	return fmt.Sprintf("%0*x", (6*x.width+3)/4, id)
}

type usage struct {
	field   uint8
	count   uint16
	section uint8 // of the heading, else where the text has it most
	most    uint16
	here    uint16
	at      int
}

func (u *usage) level() uint8 {
	switch {
	case u.count >= 6:
		return u.field + 2
	case u.count >= 3:
		return u.field + 1
	}
	return u.field
}

// pageWords are the words of a page and what is known of each.
func pageWords(p *Page, sections bool) map[string]*usage {
	words := make(map[string]*usage)
	use := func(text string) *usage {
		u := words[text]
		if u == nil {
			u = &usage{at: -1}
			words[strings.Clone(text)] = u
		}
		return u
	}
	for i, s := range p.Sections {
		var hash uint8
		if sections {
			hash = sectionHash(s.ID)
		}
		Words(s.Text, func(w string) {
			u := use(w)
			if u.at != i {
				u.at, u.here = i, 0
			}
			u.count = min(u.count, 1<<15) + 1
			u.here = min(u.here, 1<<15) + 1
			if u.field < inHeading && u.here > u.most {
				u.most, u.section = u.here, hash
			}
		})
		Words(s.Heading, func(w string) {
			if u := use(w); u.field < inHeading {
				u.field, u.section = inHeading, hash
			}
		})
	}
	raise := func(text string, field uint8) {
		Words(text, func(w string) {
			u := use(w)
			u.field = max(u.field, field)
		})
	}
	raise(p.Title, inTitle)
	raise(p.Description, inTags)
	for _, tag := range p.Tags {
		raise(tag, inTags)
	}
	return words
}

// sectionHash is one digit above 0 for a section with an id.
func sectionHash(id string) uint8 {
	if id == "" {
		return 0
	}
	h := uint32(7)
	for _, r := range id {
		h = h*31 + uint32(r)
	}
	return uint8(1 + h%63)
}

// Files returns the files but for the records.
func (x *Index) Files() ([]File, error) {
	var lines, ends []line
	for text, w := range x.words {
		w.cut(x.form)
		lines = append(lines, line{key: text, word: text, weight: len(text)/2 + 2 + len(w.list)*(x.width+1), w: w})
		// A typing error leads to a word that someone may have meant: one that
		// more than one post has, or that stands out in one.
		if key := endKey(text); key != "" && (w.posts > 1 || w.best >= inTags) {
			ends = append(ends, line{key: key, word: text, weight: len(text) + 1})
		}
	}
	files, first := split("w", lines, x.form.words, x.encodeWords)
	more, last := split("e", ends, x.form.ends, encodeEnds)
	root, err := json.Marshal(struct {
		V int      `json:"v"`
		N int      `json:"n"`
		I int      `json:"i"`
		W []string `json:"w"`
		E []string `json:"e"`
	}{Version, x.pages, x.width, first, last})
	if err != nil {
		return nil, err
	}
	return append(append(files, more...), File{Path: "root.json", Data: root}), nil
}

// encodeWords writes the words of a shard.
func (x *Index) encodeWords(lines []line) []byte {
	var out, level, low, section []byte
	before := []rune{}
	for _, l := range lines {
		text := []rune(l.word)
		shared := 0
		for shared < min(len(text), len(before), 63) && text[shared] == before[shared] {
			shared++
		}
		before = text
		out = append(out, digits[shared])
		out = append(out, string(text[shared:])...)
		list := slices.Clone(l.w.list)
		slices.SortFunc(list, func(a, b posting) int { return cmp.Compare(a.id, b.id) })
		switch {
		case len(list) < l.w.posts:
			out = append(out, '\n', digits[len(list)-1], digits[bits.Len(uint(l.w.posts))-1])
		case len(list) == 1 && list[0].level == inText && list[0].section == 0:
			out = append(out, '!')
			for shift := 6 * (x.width - 1); shift >= 0; shift -= 6 {
				out = append(out, digits[list[0].id>>shift&63])
			}
			continue
		default:
			out = append(out, '\t', digits[len(list)-1])
		}
		level, low, section = level[:0], low[:0], section[:0]
		last := uint32(0)
		for _, p := range list {
			delta := p.id - last
			last = p.id
			out = append(out, digits[delta>>(6*(x.width-1))])
			for shift := 6 * (x.width - 2); shift >= 0; shift -= 6 {
				low = append(low, digits[delta>>shift&63])
			}
			if p.section > 0 {
				level = append(level, digits[p.level+32])
				section = append(section, digits[p.section])
			} else {
				level = append(level, digits[p.level])
			}
		}
		out = append(out, level...)
		out = append(out, low...)
		out = append(out, section...)
	}
	return out
}

func encodeEnds(lines []line) []byte {
	var out []byte
	for _, l := range lines {
		out = append(out, l.word...)
		out = append(out, '\n')
	}
	return out
}
