package search

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// recordText is how many bytes of a post's text its record has at most. What
// is shown of a result comes from there.
const recordText = 5000

type record struct {
	Address  string      `json:"u"`
	Title    string      `json:"t"`
	Date     string      `json:"d,omitempty"`
	About    string      `json:"a,omitempty"`
	Tags     []string    `json:"g,omitempty"`
	Sections [][3]string `json:"s"`
	// Cut is 1 where this is not the whole text.
	Cut int `json:"x,omitempty"`
}

// encodeRecord says too whether the record has the whole text.
func encodeRecord(address string, p *Page) (data []byte, whole bool, err error) {
	r := record{Address: address, Title: p.Title, Date: p.Date, About: p.Description, Tags: p.Tags, Sections: [][3]string{}}
	share := fair(p.Sections, recordText)
	whole = true
	for _, s := range p.Sections {
		text := clip(s.Text, share)
		whole = whole && len(text) == len(s.Text)
		r.Sections = append(r.Sections, [3]string{s.ID, s.Heading, text})
	}
	if !whole {
		r.Cut = 1
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, false, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), whole, nil
}

// fair is the length to which sections are cut, so that all of them together
// have no more than total.
func fair(sections []Section, total int) int {
	sum := 0
	for _, s := range sections {
		sum += len(s.Text)
	}
	if sum <= total {
		return sum
	}
	// The longest are cut, the short stay whole.
	low, high := 0, total
	for low < high {
		mid := (low + high + 1) / 2
		sum := 0
		for _, s := range sections {
			sum += min(len(s.Text), mid)
		}
		if sum <= total {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// clip cuts a text, at a space where there is one near.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	for i := n; i > max(0, n-30); i-- {
		if text[i] == ' ' {
			return text[:i]
		}
	}
	return text[:n]
}
