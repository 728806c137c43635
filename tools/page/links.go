package page

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unique"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

// linkFacts takes the addresses of a page from its tags and texts.
type linkFacts struct {
	raw string // style or data, whose text follows
}

// linkAttributes are the attributes that hold one address.
var linkAttributes = map[string]bool{"href": true, "src": true, "poster": true, "data": true, "action": true, "cite": true, "formaction": true, "xlink:href": true}

// addressMetas are the meta elements that hold one.
var addressMetas = map[string]bool{
	"og:url": true, "og:image": true, "og:image:url": true, "og:image:secure_url": true, "og:video": true, "og:video:url": true, "og:audio": true,
	"twitter:image": true, "twitter:image:src": true, "twitter:url": true, "twitter:player": true, "msapplication-tileimage": true, "thumbnail": true,
}

// notLoaded are the rels of which nothing is fetched but a connection.
var notLoaded = map[string]bool{"preconnect": true, "dns-prefetch": true}

func (l *linkFacts) start(facts *pipeline.Facts, element string, attrs []csp.Attr) {
	l.raw = ""
	rel := ""
	switch element {
	case "style":
		l.raw = element
	case "script":
		if strings.EqualFold(strings.TrimSpace(value(attrs, "type")), "application/ld+json") {
			l.raw = element
		}
	case "base":
		if facts.Base == "" {
			facts.Base = value(attrs, "href")
		}
		return
	case "meta":
		l.meta(facts, attrs)
		return
	case "link":
		rel = strings.ToLower(strings.TrimSpace(value(attrs, "rel")))
		if notLoaded[rel] {
			return
		}
	}
	for _, a := range attrs {
		switch k := string(a.Key); {
		case linkAttributes[k]:
			addLink(facts, element, k, string(a.Value), rel)
		case k == "srcset" && (element == "img" || element == "source"), k == "imagesrcset" && element == "link":
			for _, address := range csp.Candidates(string(a.Value)) {
				addLink(facts, element, k, address, "")
			}
		case k == "style":
			if strings.Contains(string(a.Value), "url(") {
				csp.Addresses(a.Value, func(_, address string) { addLink(facts, element, k, address, "") })
			}
		case k == "background" && (element == "body" || element == "table" || element == "td"):
			addLink(facts, element, k, string(a.Value), "")
		}
	}
}

func (l *linkFacts) meta(facts *pipeline.Facts, attrs []csp.Attr) {
	name := strings.ToLower(cmp.Or(value(attrs, "property"), value(attrs, "name"), value(attrs, "itemprop")))
	content := value(attrs, "content")
	switch {
	case strings.EqualFold(value(attrs, "http-equiv"), "refresh"):
		if _, address := refresh(attrs); address != "" {
			addLink(facts, "meta", "refresh", address, "")
		}
	case addressMetas[name], (name == "image" || name == "url" || name == "thumbnailurl") && value(attrs, "itemprop") != "":
		if content != "" {
			addLink(facts, "meta", name, content, "")
		}
	}
}

// text takes the text of an element that holds addresses.
func (l *linkFacts) text(facts *pipeline.Facts, text []byte) {
	switch l.raw {
	case "style":
		csp.Addresses(text, func(_, address string) { addLink(facts, "style", "url", address, "") })
	case "script":
		var v any
		if json.Unmarshal(text, &v) == nil {
			dataAddresses(v, "", func(address string) { addLink(facts, "script", "ld+json", address, "") })
		}
	}
	l.raw = ""
}

// dataKeys are the properties of structured data that hold addresses which a
// reader may be sent to. An @id is a name.
var dataKeys = []string{"url", "image", "logo", "item", "contentUrl", "thumbnailUrl", "mainEntityOfPage"}

func dataAddresses(v any, key string, take func(string)) {
	switch v := v.(type) {
	case string:
		if slices.Contains(dataKeys, key) && v != "" && !strings.Contains(v, "{") {
			take(v)
		}
	case []any:
		for _, e := range v {
			dataAddresses(e, key, take)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			dataAddresses(v[k], k, take)
		}
	}
}

// addLink keeps an address. Most stand in many pages: one copy is enough for all.
func addLink(facts *pipeline.Facts, element, attribute, address, rel string) {
	facts.Links = append(facts.Links, pipeline.Link{
		Element: one(element), Attribute: one(attribute), URL: one(address), Rel: one(rel),
	})
}

func one(s string) string { return unique.Make(s).Value() }
