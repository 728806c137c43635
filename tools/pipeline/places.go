package pipeline

import (
	"bytes"
	"unicode/utf8"
)

// At is the place in the content file of an offset in the text being parsed.
// The engine gives parsers a text of its own making: without front matter, with
// placeholders where shortcodes and dividers stand, sometimes with the output
// of a shortcode in it, or only a part of the file. What stands in both is
// found by comparing them. Where the offset is in neither, the nearest line
// before it is meant.
func (d *Document) At(src []byte, offset int) Place {
	if d.Content == nil {
		return Place{}
	}
	if d.Content.Adapter {
		return d.Content.inAdapter(src, offset)
	}
	if d.places == nil || !sameSlice(d.places.src, src) {
		d.places = newPlaceMap(d.Content, src)
	}
	return d.places.at(offset)
}

// inAdapter is where the file of an adapter has the text at an offset of a page
// that it makes, as far as it is written there; no place where it is not, as with
// text that comes from data.
func (c *Content) inAdapter(src []byte, offset int) Place {
	file, err := c.Read()
	if err != nil {
		return Place{}
	}
	offset = max(0, min(offset, len(src)))
	rest, _, _ := bytes.Cut(src[offset:], []byte("\n"))
	const least, most = 4, 200 // bytes that are sure to be this text, and that are compared
	for n := min(len(rest), most); n >= min(least, len(rest)) && n > 0; n-- {
		if i := bytes.Index(file, rest[:n]); i >= 0 {
			return PlaceAt(file, i)
		}
	}
	return Place{}
}

// PlaceAt is the place of an offset in the bytes of a file.
func PlaceAt(data []byte, offset int) Place {
	offset = max(0, min(offset, len(data)))
	begin := bytes.LastIndexByte(data[:offset], '\n') + 1
	return Place{Line: 1 + bytes.Count(data[:offset], []byte("\n")), Column: 1 + utf8.RuneCount(data[begin:offset])}
}

func sameSlice(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// A placeMap tells for each line of a text which line of the file it is.
type placeMap struct {
	src   []byte
	lines [][]byte // of src
	body  [][]byte // of the file
	first int      // the number of the body's first line
	of    []int    // line of src to line of body, -1 for none
}

func newPlaceMap(c *Content, src []byte) *placeMap {
	m := &placeMap{src: src, lines: splitLines(src), first: max(c.BodyLine, 1)}
	file, err := c.Read()
	if err != nil {
		file = nil
	}
	all := splitLines(bytes.TrimPrefix(file, []byte("\ufeff")))
	if m.first <= len(all) {
		m.body = all[m.first-1:]
	}
	m.of = alignLines(m.lines, m.body)
	return m
}

// splitLines cuts a text into its lines, without their ends.
func splitLines(b []byte) [][]byte {
	lines := bytes.Split(b, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimSuffix(lines[i], []byte("\r"))
	}
	return lines
}

func (m *placeMap) at(offset int) Place {
	offset = max(0, min(offset, len(m.src)))
	n := bytes.Count(m.src[:offset], []byte("\n"))
	begin := bytes.LastIndexByte(m.src[:offset], '\n') + 1
	for i := n; i >= 0; i-- {
		if m.of[i] < 0 {
			continue
		}
		line := m.body[m.of[i]]
		column := 0
		if i == n {
			column = columnIn(m.lines[n][:min(offset-begin, len(m.lines[n]))], m.lines[n], line)
		}
		return Place{Line: m.first + m.of[i], Column: 1 + utf8.RuneCount(line[:column])}
	}
	return Place{Line: m.first, Column: 1}
}

// columnIn is the byte of the file's line that a byte of the engine's line is:
// the same one in what both lines begin with, counted from the end in what both
// end with, and else that of the nearest words that stand in both.
func columnIn(before, engine, line []byte) int {
	if bytes.HasPrefix(line, before) {
		return len(before)
	}
	rest := engine[len(before):]
	if bytes.HasSuffix(line, rest) {
		return len(line) - len(rest)
	}
	// Between two placeholders: the text up to the next one.
	for n := len(rest); n > 3; n-- {
		if i := bytes.Index(line, rest[:n]); i >= 0 {
			return i
		}
	}
	common := 0
	for common < len(line) && common < len(before) && line[common] == before[common] {
		common++
	}
	for common > 0 && common < len(line) && !utf8.RuneStart(line[common]) {
		common--
	}
	return common
}

// alignLines finds for each line of a the line of b that it is, in order.
func alignLines(a, b [][]byte) []int {
	of := make([]int, len(a))
	for i := range of {
		of[i] = -1
	}
	lo := 0
	for lo < len(a) && lo < len(b) && bytes.Equal(a[lo], b[lo]) {
		of[lo] = lo
		lo++
	}
	hiA, hiB := len(a), len(b)
	for hiA > lo && hiB > lo && bytes.Equal(a[hiA-1], b[hiB-1]) {
		hiA--
		hiB--
		of[hiA] = hiB
	}
	alignMiddle(a, b, of, lo, hiA, lo, hiB)
	// A line with a placeholder in it lies between its neighbours: it is the
	// first line there that begins like it, or else the first.
	next := len(b)
	for i := len(a) - 1; i >= 0; i-- {
		if of[i] >= 0 {
			next = of[i]
			continue
		}
		prev := -1
		for j := i - 1; j >= 0 && prev < 0; j-- {
			prev = of[j]
		}
		best, bestLen := -1, -1
		for j := prev + 1; j < next; j++ {
			if n := likeness(a[i], b[j]); n > bestLen {
				best, bestLen = j, n
			}
		}
		if bestLen > 0 || best >= 0 && next-prev == 2 {
			of[i] = best
		}
	}
	return of
}

// likeness is how many bytes two lines have in common at both ends.
func likeness(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	m := 0
	for m < len(a)-n && m < len(b)-n && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	return n + m
}

// tableLimit bounds the table of alignMiddle: 1,000 by 4,000 lines.
const tableLimit = 4_000_000

// alignMiddle aligns a[a0:a1] with b[b0:b1] by their longest common
// subsequence, so that an inserted or replaced line moves no other.
func alignMiddle(a, b [][]byte, of []int, a0, a1, b0, b1 int) {
	rows, columns := a1-a0, b1-b0
	if rows == 0 || columns == 0 {
		return
	}
	if rows*columns > tableLimit {
		j := b0
		for i := a0; i < a1; i++ {
			for k := j; k < b1; k++ {
				if len(a[i]) > 0 && bytes.Equal(a[i], b[k]) {
					of[i], j = k, k+1
					break
				}
			}
		}
		return
	}
	longest := make([][]int32, rows+1)
	cells := make([]int32, (rows+1)*(columns+1))
	for i := range longest {
		longest[i] = cells[i*(columns+1) : (i+1)*(columns+1)]
	}
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			if bytes.Equal(a[a0+i], b[b0+j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case bytes.Equal(a[a0+i], b[b0+j]):
			of[a0+i] = b0 + j
			i++
			j++
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
}
