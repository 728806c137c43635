package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// JSON looks at a file in JSON, and at what it says if it is a feed.
func JSON(data []byte) []Fault {
	c := &checker{rule: "json", seen: make(map[string]bool)}
	if message := JSONError(data); message != "" {
		c.add(true, "syntax", "let the template print its values with jsonify; the last of a list has no comma behind it", "it is no JSON: %s", message)
		return c.faults
	}
	// Few files are feeds: the others are not read again.
	if bytes.Contains(data[:min(len(data), 300)], []byte("jsonfeed.org/version")) {
		c.rule = "feed"
		c.jsonFeed(data)
	}
	return c.faults
}

// JSONError says what is wrong with a JSON text, and where; nothing if it is
// JSON.
func JSONError(data []byte) string {
	if json.Valid(data) {
		return ""
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return "it is empty"
	}
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return "a byte order mark stands before it"
	}
	var v any
	err := json.Unmarshal(data, &v)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return err.Error()
	}
	offset := max(0, min(int(syntax.Offset), len(data)))
	before := data[max(0, offset-25):offset]
	for len(before) > 0 && !utf8.RuneStart(before[0]) {
		before = before[1:]
	}
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	return fmt.Sprintf("line %d: %v, after %q", line, err, strings.ToValidUTF8(string(before), ""))
}

type jsonFeed struct {
	Title any        `json:"title"`
	Items []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        any `json:"id"`
	URL       any `json:"url"`
	HTML      any `json:"content_html"`
	Text      any `json:"content_text"`
	Title     any `json:"title"`
	Published any `json:"date_published"`
	Modified  any `json:"date_modified"`
}

// jsonFeed checks a feed: https://www.jsonfeed.org/version/1.1/.
func (c *checker) jsonFeed(data []byte) {
	var f jsonFeed
	if err := json.Unmarshal(data, &f); err != nil {
		c.add(true, "shape", "", "readers of JSON feeds cannot read it: %v", err)
		return
	}
	if t, _ := f.Title.(string); t == "" {
		c.add(true, "title", "", "the feed has no title, which JSON Feed demands")
	}
	if f.Items == nil {
		c.add(true, "items", "an empty list is written []", "the feed has no items, which JSON Feed demands")
	}
	ids := make(map[string]bool)
	for i, item := range f.Items {
		number := fmt.Sprintf("item %d", i+1)
		which := number
		title, _ := item.Title.(string)
		if title != "" {
			which += fmt.Sprintf(", %q", title)
		}
		c.item = len(c.faults)
		id, isString := item.ID.(string)
		switch {
		case item.ID == nil || isString && id == "":
			c.add(true, "id", "use .Permalink", "%s has no id, which JSON Feed demands", which)
		case !isString:
			c.add(false, "id string", "write it between quotation marks", "%s: its id is no string", which)
		case ids[id]:
			c.add(false, "id twice", "an item's id is its own: use .Permalink", "%s has the id of another: %s", which, id)
		}
		ids[id] = true
		if item.HTML == nil && item.Text == nil {
			c.add(true, "content", "", "%s has neither content_html nor content_text", which)
		}
		for i, v := range []any{item.Published, item.Modified} {
			name := []string{"date_published", "date_modified"}[i]
			if v == nil {
				continue
			}
			s, ok := v.(string)
			if !ok || s == "" {
				c.add(false, name, `write {{ .Date.Format "2006-01-02T15:04:05Z07:00" | jsonify }}`, "%s: its %s is no date of RFC 3339: %v", which, name, v)
				continue
			}
			rfc3339(c, which, name, s)
		}
		address, _ := item.URL.(string)
		c.close(number, which, address, title)
	}
}
