package faultstorm

// writing: what stands in the text of posts (14, 16, 17, 19).
var writing = []fault{
	{14, "HTML in a line", text, false, "theme", func(s *site) {
		s.post().say("some " + s.warn("raw-html", "") + "<b>bold</b> text")
	}},
	{14, "HTML as a block", text, false, "theme", func(s *site) {
		s.post().block(s.warn("raw-html", "") + "<div class=\"note\">\nA note.\n</div>")
	}},
	{14, "address that is dropped", text, false, "theme", func(s *site) {
		s.post().say("[it](" + s.warn("raw-html", "dropped") + "file:///home/x/" + s.name("f") + ")")
	}},
	{14, "script for an address", text, false, "theme", func(s *site) {
		s.post().say("[it](" + s.warn("raw-html", "dropped") + "javascript:" + s.name("f") + "())")
	}},
	{16, "unknown shortcode", collect, true, "", func(s *site) {
		s.post().block("Here {{< " + s.err("shortcode", "moni") + "moni >}}.")
	}},
	{16, "shortcode in front matter", check, true, "plain", func(s *site) {
		p := s.alone("toml", "yaml")
		p.key("", "title", `"`+p.title+" "+s.err("unrendered", "{{< go")+`{{< go >}}"`)
	}},
	{16, "braces in prose", text, false, "", func(s *site) {
		s.post().say("the " + s.warn("leftover-mark", "braces") + "{{ .Title }} of it")
	}},
	{17, "space in a link", text, false, "", func(s *site) {
		s.post().say(s.warn("leftover-mark", "space between") + "[text] (https://example.org/)")
	}},
	{17, "link the wrong way round", text, false, "", func(s *site) {
		s.post().say(s.warn("leftover-mark", "wrong way round") + "(text)[https://example.org/" + s.name("w") + "]")
	}},
	{17, "link that is not closed", text, false, "", func(s *site) {
		s.post().block("At the end " + s.warn("leftover-mark", "closes") + "[text](https://example.org/" + s.name("w"))
	}},
	{17, "space before the last stars", text, false, "", func(s *site) {
		s.post().say("a " + s.warn("leftover-mark", "before the last") + "**bold ** word")
	}},
	{17, "space after the first stars", text, false, "", func(s *site) {
		s.post().say("a " + s.warn("leftover-mark", "after the first") + "** bold** word")
	}},
	{17, "the same mark in code and in text", text, false, "", func(s *site) {
		s.post().say("`**twice **` is " + s.warn("leftover-mark", "before the last") + "**twice ** here")
	}},
	{17, "bullet with one space", text, false, "", func(s *site) {
		s.post().block("- top\n " + s.warn("list-nesting", "sibling") + "- one space")
	}},
	{17, "bullet in a numbered list", text, false, "", func(s *site) {
		s.post().block("1. first\n  " + s.warn("list-nesting", "list of its own") + "- two spaces")
	}},
	{17, "bullet that is code", text, false, "", func(s *site) {
		s.post().block("- top\n\n      " + s.warn("list-nesting", "code") + "- six spaces")
	}},
	{17, "fence that nothing closes", text, false, "", func(s *site) {
		p := s.alone()
		p.last(s.warn("unclosed-fence", "") + "```go\nfunc f() {}")
	}},
	{17, "fence closed by another", text, false, "", func(s *site) {
		p := s.alone()
		p.last(s.warn("unclosed-fence", "") + "~~~~ go\nfunc f() {}\n~~~")
	}},
	{17, "language that nobody knows", text, false, "", func(s *site) {
		s.post().block("```" + s.warn("language", "golagn") + "golagn\nx\n```")
	}},
	{19, "level that is skipped", text, false, "", func(s *site) {
		s.alone().last("## " + s.name("Over ") + "\n\nText.\n\n" + s.warn("skipped-heading", "two levels") + "#### " + s.name("Deep ") + "\n\nText.")
	}},
	{19, "two headings with one id", check, false, "", func(s *site) {
		n := s.name("same")
		s.alone("toml", "yaml", "json").last("## " + s.name("One ") + " {#" + n + "}\n\nText.\n\n" + s.warn("duplicate-id", n) + "## " + s.name("Other ") + " {#" + n + "}\n\nText.")
	}},
	{19, "second title", check, false, "theme", func(s *site) {
		p := s.alone("toml", "yaml", "json")
		p.last(s.warn("main-heading", "2 h1") + "# " + s.name("Another ") + "\n\nText.")
	}},
}
