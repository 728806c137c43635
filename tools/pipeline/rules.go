package pipeline

// KnownRules lists the rules that a build can report, with what they are for; a
// plugin adds its own. [params.duskpress.rules] accepts these names and no other.
var KnownRules = map[string]string{
	"allow":        "a comment that suspends a rule without a reason, or that is not needed",
	"collision":    "two sources publish one path, or paths that differ in letter case alone",
	"config":       "the configuration cannot be read or has a key that nothing reads",
	"config-key":   "a key of Hugo's configuration that Hugo does not read",
	"content-link": "a link to another content file leads nowhere",
	"date":         "a date that is none, or a second one",
	"deprecated":   "Hugo says that something will go away",
	"encoding":     "a content file that is not UTF-8",
	"front-matter": "front matter that cannot be read",
	"hugo":         "an error that Hugo reports",
	"hugo-warning": "a warning that Hugo gives",
	"image":        "a picture that is not there, or that nobody would see",
	"language":     "a fence names a language that nothing can highlight",
	"minify":       "a file that the minifier cannot read",
	"panic":        "a plugin ended in a panic",
	"raw-html":     "HTML in Markdown that is dropped",
	"ref":          "a ref or relref that leads nowhere",
	"remote-image": "a picture that the reader's browser fetches from another host",
	"same-page":    "two content files make one page, so that one of them is lost",
	"shortcode":    "a shortcode that is not there, or not closed",
	"source":       "a source file that cannot be read, or changed while it was read",
	"symlink":      "a symbolic link that leaves the site or ends nowhere",
	"tag-repeated": "a tag that stands twice in one post",
	"tag-slug":     "a tag without a letter or digit to make a path of",
	"tag-variant":  "a tag spelt otherwise than its page is titled",
	"tags-heading": "a second heading of tags",
	"toc":          "a table of contents that asks for what is not there",
}
