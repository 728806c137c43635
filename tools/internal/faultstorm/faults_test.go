package faultstorm

import "strings"

// faults is the list of what can be planted, by the entries of the list of
// silent failures. Text, links and what a finished page shows have files of
// their own.
var faults = slicesOf(publishing, configuring, linking, writing, showing)

func slicesOf(lists ...[]fault) (all []fault) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// elsewhere are parts of the list that no file of a site can be planted with,
// and the tests that they have.
var elsewhere = map[int]string{
	2:  "a failed build leaves public/ alone: wholebuild TestKill, publish TestCrashAnywhere; here check publishes nothing",
	3:  "files of removed pages: a published site is a new directory each time, publish TestPublish",
	11: "other hosts are asked by check --external alone: tools/external, script external.txtar",
	15: "no text is known that the minifier changes; if it did: minify TestSameText and its fuzz target, plugins minify_test.go",
	22: "a page that is in no index: script search.txtar; what is in it: tools/search, browser search_test.go",
	24: "full disks, read-only directories, files that change, second builds, ports: wholebuild TestFullDisk, TestUnsteady, TestLock, publish TestNoPermission, script serve.txtar",
	25: "a Go or Hugo that is too old cannot compile the tool: go.mod; modules that want newer ones: script versions.txtar, and here",
}

// publishing: what is published by chance, or not at all (1, 4, 5, 9, 24, 25).
var publishing = []fault{
	{1, "one slug for two", pages, true, "", func(s *site) {
		victim := s.alone("toml", "yaml")
		p := s.add("content/posts/zz-"+s.name("")+".md", front[s.IntN(3)], 3)
		p.own = true
		slug := strings.Trim(strings.TrimPrefix(victim.path(), "/posts"), "/")
		p.key(s.err("collision", victim.name), "slug", `"`+slug+`"`)
	}},
	{1, "one url for two", pages, true, "", func(s *site) {
		victim := s.alone("toml", "yaml")
		p := s.add("content/posts/zz-"+s.name("")+".md", front[s.IntN(3)], 3)
		p.own = true
		p.key(s.err("collision", victim.name), "url", `"`+victim.path()+`"`)
	}},
	{1, "alias on a page", pages, true, "", func(s *site) {
		victim := s.alone("toml", "yaml", "json")
		s.alone(front...).key(s.err("collision", "an alias of"), "aliases", `["`+victim.path()+`"]`)
	}},
	{1, "static file on a page", pages, true, "", func(s *site) {
		p := s.alone(front...)
		p.key(s.err("collision", "static file"), "title", `"`+p.title+`"`)
		s.extra("static"+p.path()+"index.html", "<!doctype html><html lang=en><title>x</title><h1>x</h1>")
	}},
	{1, "paths that differ in case", pages, true, "", func(s *site) {
		p := s.alone(front...)
		p.key(s.err("collision", "letter case"), "title", `"`+p.title+`"`)
		s.extra("static"+strings.Replace(p.path(), "/posts/", "/POSTS/", 1)+"index.html", "<!doctype html><html lang=en><title>x</title><h1>x</h1>")
	}},
	{1, "file beside bundle", collect, true, "", func(s *site) {
		name := "content/posts/twin-" + s.name("")
		s.add(name+".md", "toml", 1).own = true
		p := s.add(name+"/index.md", "toml", 2)
		p.own = true
		p.begin(s.err("collision", "make one page"))
	}},
	{1, "two files of one name but for case", collect, true, "", func(s *site) {
		name := s.name("wide")
		s.add("content/posts/"+strings.ToUpper(name)+".md", "toml", 1).own = true
		p := s.add("content/posts/"+name+".md", "yaml", 2)
		p.own = true
		p.begin(s.err("same-page", "make one page"))
	}},
	{1, "index beside _index", collect, true, "", func(s *site) {
		dir := "content/" + s.name("shelf")
		s.extra(dir+"/_index.md", "+++\ntitle = \"A\"\n+++\n\nText.")
		s.extra(dir+"/index.md", s.err("same-page", "make one page")+"+++\ntitle = \"B\"\n+++\n\nText.")
	}},
	{1, "page in the place of a tag", collect, true, "", func(s *site) {
		s.extra("content/tags/queues.md", s.err("collision", "tag")+"+++\ntitle = \"Q\"\n+++\n\nText.")
	}},
	{1, "templates publish one path twice", render, true, "", func(s *site) {
		s.whole("collision", "error", "", "twice.txt")
		s.end(`{{ if .IsHome }}{{ (resources.FromString "twice.txt" "one").Publish }}{{ (resources.FromString "other.txt" "two" | resources.Copy "twice.txt").Publish }}{{ end }}`)
	}},
	{4, "draft", pages, false, "", func(s *site) {
		p := s.add("content/posts/d-"+s.name("")+".md", front[s.IntN(3)], 3)
		p.own = true
		p.key("", "draft", "true")
		s.leaves(p.name, "draft")
	}},
	{4, "draft by its name", pages, false, "", func(s *site) {
		p := s.add("content/posts/_"+s.name("d")+".md", "headings", 3)
		p.own = true
		s.leaves(p.name, "draft")
	}},
	{4, "future", pages, false, "", func(s *site) {
		p := s.add("content/posts/f-"+s.name("")+".md", front[s.IntN(3)], 3)
		p.own = true
		p.key("", "date", "2026-11-01T12:30:00Z")
		s.leaves(p.name, "future")
	}},
	{4, "future in another time zone", pages, false, "", func(s *site) {
		p := s.add("content/posts/f-"+s.name("")+".md", "toml", 3)
		p.own = true
		p.key("", "date", "2026-11-01T11:30:00-01:00")
		s.leaves(p.name, "future")
	}},
	{4, "expired", pages, false, "", func(s *site) {
		p := s.add("content/posts/e-"+s.name("")+".md", "toml", 3)
		p.own = true
		p.key("", "expiryDate", "2026-10-31")
		s.leaves(p.name, "expired")
	}},
	{4, "ignored name", pages, false, "", func(s *site) {
		p := s.add("content/posts/#"+s.name("")+".md", "toml", 3)
		p.own = true
		s.leaves(p.name, "ignored")
	}},
	{5, "no template for pages", text, true, "plain", func(s *site) {
		s.extra("content/about.md", s.err("no-layout", "no template")+plain["content/about.md"])
		s.files["layouts/page.html"] = gone
	}},
	{5, "no template for lists", check, false, "plain", func(s *site) {
		s.extra("content/posts/_index.md", s.warn("no-layout", "no template")+plain["content/posts/_index.md"])
		s.files["layouts/section.html"] = gone
	}},
	{5, "template that prints nothing", check, false, "plain", func(s *site) {
		s.files["layouts/void.html"] = ""
		s.alone(front...).key(s.warn("empty-output", "printed nothing"), "layout", `"void"`)
	}},
	{5, "template that prints a blank", check, false, "plain", func(s *site) {
		s.files["layouts/blank.html"] = `{{ "" }}`
		p := s.alone(front...)
		p.key("", "layout", `"blank"`)
		s.whole("empty-output", "warning", p.name, "printed nothing")
	}},
	{5, "template without the content", check, false, "plain", func(s *site) {
		s.files["layouts/blind.html"] = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title></head><body></body></html>`
		p := s.alone(front...)
		p.key("", "layout", `"blind"`)
		s.whole("empty-output", "warning", p.name, "nothing to see")
	}},
	{5, "unknown layout", collect, false, "", func(s *site) {
		s.alone(front...).key(s.warn("unknown-layout", "pgae"), "layout", `"pgae"`)
	}},
	{5, "unknown type", collect, false, "", func(s *site) {
		s.alone(front...).key(s.warn("unknown-layout", "essays"), "type", `"essays"`)
	}},
	{5, "empty page", collect, false, "", func(s *site) {
		p := s.alone(front...)
		p.body = nil
		p.begin(s.warn("empty-page", "no text"))
	}},
	{5, "index that hides its siblings", collect, false, "", func(s *site) {
		dir := "content/" + s.name("shelf")
		s.extra(dir+"/index.md", s.warn("hidden-page", "one.md")+"+++\ntitle = \"Shelf\"\n+++\n\nText.")
		s.extra(dir+"/one.md", "+++\ntitle = \"One\"\n+++\n\nText.")
	}},
	{5, "wrong extension", collect, false, "", func(s *site) {
		s.extra("content/posts/"+s.name("text")+".txt", s.warn("not-content", "begins like a page")+"---\ntitle: A\n---\nText.")
	}},
	{5, "wrong extension, at the top", collect, false, "", func(s *site) {
		s.extra("content/"+s.name("text")+".mdd", s.warn("not-content", "begins like a page")+"+++\ntitle = \"A\"\n+++\nText.")
	}},
	{5, "not UTF-8", collect, true, "", func(s *site) {
		p := s.alone()
		p.say("caf" + s.err("encoding", "0xE9") + "\xe9 x")
	}},
	{5, "front matter that cannot be read", collect, true, "", func(s *site) {
		s.alone("toml").raw = "+++\ntitle = \"x\"\ndate = 2026-" + s.err("front-matter", "") + "13-99\n+++\nText\n"
	}},
	{9, "shallow clone", collect, false, "plain", func(s *site) {
		if !hasGit {
			return
		}
		s.top = append(s.top, s.warn("shallow-clone", "history")+"enableGitInfo = true")
		s.git = shallow
	}},
	{24, "link that ends nowhere", collect, true, "", func(s *site) {
		name := "content/posts/" + s.name("dead") + ".md"
		s.links[name] = "nowhere.md"
		s.whole("symlink", "error", name, "ends nowhere")
	}},
	{24, "link out of the site", collect, true, "", func(s *site) {
		name := "content/posts/" + s.name("out") + ".md"
		s.links[name] = "/etc/hosts"
		s.whole("symlink", "error", name, "leaves the site")
	}},
	{24, "link within the site", collect, false, "", func(s *site) {
		name := "content/posts/" + s.name("in") + ".md"
		s.links[name] = "../../config.toml"
		s.whole("symlink", "warning", name, "passed over")
	}},
	{24, "clock that is behind", pages, false, "", func(s *site) {
		s.whole("clock", "warning", "", "for this machine")
		for range len(s.posts) + 3 {
			p := s.add("content/posts/later-"+s.name("")+".md", "toml", 1)
			p.own = true
			p.key("", "date", "2027-01-01")
			s.leaves(p.name, "future")
		}
	}},
	{25, "a go.mod that asks for a newer Hugo", collect, false, "", func(s *site) {
		s.extra("go.mod", "module site\n\nrequire (\n\tgithub.com/gohugoio/hugo v"+s.warn("hugo-version", "9.99.0")+"9.99.0\n)")
	}},
	{25, "a theme that wants another Hugo", collect, false, "plain", func(s *site) {
		s.top = append(s.top, `theme = "old"`)
		s.extra("themes/old/theme.toml", "name = \"Old\"\nmin_version = \"9.99.0\"")
		s.whole("hugo-version", "warning", "", "9.99.0")
	}},
}

// configuring: configuration, front matter, what Hugo itself says (6, 7, 8, 18).
var configuring = []fault{
	{6, "no baseURL", alone, true, "plain", func(s *site) {
		s.base0 = ""
		for _, p := range s.posts {
			for i := range p.body {
				p.body[i] = strings.ReplaceAll(p.body[i], s.base+"about/", "/about/")
			}
		}
		s.whole("base-url", "error", "config.toml", "no baseURL")
	}},
	{6, "baseURL of this machine", alone, true, "plain", func(s *site) {
		s.base0 = s.err("base-url", "is this machine") + `baseURL = "http://localhost:1313` + s.base + `"`
	}},
	{6, "baseURL of no web", alone, true, "plain", func(s *site) {
		s.base0 = s.err("base-url", "https://") + `baseURL = "htps://notes.example` + s.base + `"`
	}},
	{7, "key of the configuration", collect, false, "", func(s *site) {
		s.top = append(s.top, s.warn("config-key", "titel")+`titel = "x"`)
	}},
	{7, "table of the configuration", collect, false, "", func(s *site) {
		s.after = append(s.after, s.warn("config-key", "minfy")+"[minfy]", "disableXML = true")
	}},
	{7, "table deep in the configuration", collect, false, "", func(s *site) {
		s.after = append(s.after, s.warn("config-key", "markup.goldmark.rendrer")+"[markup.goldmark.rendrer]", "unsafe = true")
	}},
	{7, "option of a plugin", config, true, "", func(s *site) {
		s.after = append(s.after, "[params.duskpress.plugins.budget]", s.err("config", "jss")+"jss = 3")
	}},
	{7, "plugin that is not there", config, true, "", func(s *site) {
		s.after = append(s.after, s.err("config", "budgets")+"[params.duskpress.plugins.budgets]", "js = 3")
	}},
	{7, "rule that is not there", config, true, "", func(s *site) {
		s.after = append(s.after, "[params.duskpress.rules]", s.err("config", "anchors")+`anchors = "off"`)
	}},
	{7, "option of the theme", theming, true, "theme", func(s *site) {
		s.after = append(s.after, s.err("config", "colour")+"[params.duskpress.theme.colour]", "x = 1")
	}},
	{7, "key of front matter", collect, false, "", func(s *site) {
		p := s.alone(front...)
		p.drop("tags")
		p.key(s.warn("front-matter-key", "tgas"), "tgas", `["queues"]`)
	}},
	{7, "another key of front matter", collect, false, "", func(s *site) {
		s.alone(front...).key(s.warn("front-matter-key", "wieght"), "wieght", "3")
	}},
	{7, "weight that is no number", collect, false, "", func(s *site) {
		s.alone(front...).key(s.warn("front-matter-value", "heavy"), "weight", `"heavy"`)
	}},
	{7, "draft that is no yes", collect, true, "", func(s *site) {
		s.alone(front...).key(s.err("front-matter-value", "draft is the text"), "draft", `"yes"`)
	}},
	{7, "date that is none", collect, true, "", func(s *site) {
		s.alone("toml", "yaml").key(s.err("front-matter-value", "is no date"), "date", `"yesterday"`)
	}},
	{7, "keywords in one text", collect, false, "", func(s *site) {
		s.alone(front...).key(s.warn("front-matter-value", "one text"), "keywords", `"one, two"`)
	}},
	{7, "comment without a reason", collect, true, "", func(s *site) {
		s.post().block(s.err("allow", "no reason") + "<!-- duskpress:allow language -->")
	}},
	{7, "comment that is not needed", last, false, "", func(s *site) {
		s.post().block(s.warn("allow", "any more") + "<!-- duskpress:allow sitemap: once it was -->")
	}},
	{7, "date heading that is none", collect, true, "", func(s *site) {
		p := s.alone("headings")
		p.raw = "# " + p.title + "\n\n#### " + s.err("date", "2026-02-30") + "2026-02-30\n\nText.\n"
	}},
	{7, "second heading of tags", collect, true, "", func(s *site) {
		p := s.alone("headings")
		p.raw = "# " + p.title + "\n#### 2026-02-03\n###### queues\n###### " + s.err("tags-heading", "second") + "design\n\nText.\n"
	}},
	{8, "warning of a template", render, false, "", func(s *site) {
		s.whole("hugo-warning", "warning", "", "careful")
		s.end(`{{ warnf "careful" }}`)
	}},
	{8, "error of a template", render, true, "", func(s *site) {
		s.whole("hugo", "error", "", "wrong for good")
		s.end(`{{ if .IsHome }}{{ errorf "wrong for good" }}{{ end }}`)
	}},
	{8, "a template that fails", render, true, "", func(s *site) {
		s.end("<!-- -->\n{{ if .IsHome }}{{ " + s.err("hugo", "Nope") + ".Nope }}{{ end }}")
	}},
	{8, "deprecated key", collect, false, "plain", func(s *site) {
		s.top = append(s.top, s.warn("deprecated", "languageCode")+`languageCode = "en"`)
	}},
	{8, "deprecated method", render, false, "", func(s *site) {
		s.end(`{{ ` + s.warn("deprecated", "LanguageCode") + `.Site.LanguageCode }}`)
	}},
	{18, "a tag spelt otherwise", collect, false, "", func(s *site) {
		p := s.alone("toml", "json")
		p.key("", "tags", `["design", "`+s.warn("tag-variant", "Queues")+`Queues"]`)
	}},
	{18, "a tag twice", collect, false, "", func(s *site) {
		p := s.alone("toml", "json")
		p.key("", "tags", `["design", "queues", "`+s.warn("tag-repeated", "repeats")+`design"]`)
	}},
	{18, "the singular of a tag", collect, false, "", func(s *site) {
		s.alone("toml", "json").key("", "tags", `["design", "`+s.warn("tag-near", "outage")+`outage"]`)
	}},
	{18, "a tag with a slip", collect, false, "", func(s *site) {
		s.alone("toml", "json").key("", "tags", `["design", "`+s.warn("tag-near", "kernles")+`kernles"]`)
	}},
	{18, "a tag without a letter", collect, true, "", func(s *site) {
		s.alone("toml", "json").key("", "tags", `["design", "`+s.err("tag-slug", "?!")+`?!"]`)
	}},
	{19, "a post without title", check, false, "", func(s *site) {
		p := s.alone(front...)
		p.drop("title")
		p.begin(s.warn("missing-title", ""))
		if !s.theme {
			s.whole("html", "warning", "*", p.path()[1:]+"index.html: the page has no title")
		}
	}},
	{19, "a post without date", collect, false, "", func(s *site) {
		p := s.alone(front...)
		p.drop("date")
		p.begin(s.warn("missing-date", ""))
	}},
	{19, "a post without description", collect, false, "", func(s *site) {
		p := s.alone(front...)
		p.drop("description")
		p.begin(s.warn("missing-description", ""))
	}},
	{19, "another date in the name", collect, false, "", func(s *site) {
		p := s.add("content/posts/2026-03-04-"+s.name("n")+".md", "toml", 4)
		p.own = true
		p.key(s.warn("date-in-name", "2026-03-04"), "date", "2026-03-05")
	}},
}
