package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"duskpress/tools/hugo"
	"duskpress/tools/note"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

type newFlags struct {
	buildFlags
	kind        string // post, page or bundle
	tags        []string
	draft       bool
	draftGiven  bool
	form        string
	edit        bool
	slug        string
	section     string
	description string
	archetype   string
}

func (c *cli) newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Start a note: a file with a title, a date and tags, named after its title",
		Long: "Start a note: a file with a title, a date and tags, named after its title.\n\n" +
			"Nothing is ever overwritten. Its first line on stdout is the file.",
		Example: "  duskpress new post \"What broke at nine\" --tags outages,queues\n" +
			"  duskpress new page \"About me\"",
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		c.newKind("post", "Start a post, content/posts/SLUG.md",
			"  duskpress new post \"What broke at nine\" --tags outages,queues --edit\n"+
				"  duskpress new post \"Café, reopened\" --form headings --draft"),
		c.newKind("bundle", "Start a post in a directory of its own, for its pictures: content/posts/SLUG/index.md",
			"  duskpress new bundle \"Reading a flame graph\" --tags profiling"),
		c.newKind("page", "Start a page that is no post, content/SLUG.md",
			"  duskpress new page \"About me\"\n"+
				"  duskpress new page \"Style sheets\" --section handbook"),
	)
	return cmd
}

func (c *cli) newKind(kind, short, example string) *cobra.Command {
	flags := &newFlags{kind: kind}
	flags.add(&cobra.Command{}) // of Hugo's flags none but --clock is of use here
	cmd := &cobra.Command{
		Use: kind + " TITLE", Short: short, Example: example,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.command = "new"
			flags.draftGiven = cmd.Flags().Changed("draft")
			return c.runNew(cmd.Context(), flags, args[0])
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&flags.tags, "tags", nil, "tags, with commas; one that is there in another spelling is written as the site does")
	f.BoolVar(&flags.draft, "draft", false, "make it a draft; without this, as the archetype says")
	f.StringVar(&flags.form, "form", "", "headings, yaml or toml (default that of the archetype, or toml)")
	f.BoolVar(&flags.edit, "edit", false, "open it in $VISUAL or $EDITOR")
	f.StringVar(&flags.slug, "slug", "", "name of the file, in place of one made from the title")
	f.StringVar(&flags.description, "description", "", "a sentence for lists, feeds and search engines")
	f.StringVar(&flags.archetype, "archetype", "", "kind of archetype (default the section; for pages \"page\")")
	f.StringVar(&flags.clock, "clock", "", "as at this time, such as 2026-11-06T22:30:00Z")
	f.StringVar(&flags.section, "section", "", "directory below content/ (default the main section; for pages none)")
	_ = cmd.RegisterFlagCompletionFunc("form", oneOf(string(note.Headings), string(note.YAML), string(note.TOML)))
	_ = cmd.RegisterFlagCompletionFunc("tags", c.completeTags)
	for _, name := range []string{"slug", "description", "archetype", "clock"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

// quietly is a press for commands that ask about content and make no site.
func (c *cli) quietly(flags *buildFlags) *press {
	return &press{
		cli: c, flags: flags, log: c.log(), start: time.Now(), problems: new(pipeline.Problems),
		progress: &report.Progress{Out: c.stderr, Quiet: true}, summary: report.Summary{Command: c.command},
	}
}

// collection loads the site and reads its content, whatever faults that has:
// they are for build to tell. The engine is to be closed.
func (p *press) collection(ctx context.Context) (*hugo.Engine, *pipeline.Collection, error) {
	engine, pl, err := p.load(ctx)
	if err != nil {
		return engine, nil, err
	}
	collection, err := pl.Collect(ctx, engine)
	return engine, collection, err
}

func (c *cli) runNew(ctx context.Context, flags *newFlags, title string) error {
	title = strings.Join(strings.Fields(title), " ")
	if title == "" {
		return c.fail("the title is empty", "duskpress new "+flags.kind+" \"What broke at nine\"")
	}
	if forms := []string{"", string(note.Headings), string(note.YAML), string(note.TOML)}; !slices.Contains(forms, flags.form) {
		return c.fail(fmt.Sprintf("unknown form %q", flags.form), "it is one of headings, yaml, toml")
	}
	editor := ""
	if flags.edit {
		if editor = cmpOr(os.Getenv("VISUAL"), os.Getenv("EDITOR")); editor == "" {
			return c.fail("--edit needs $VISUAL or $EDITOR, and neither is set", "export EDITOR=vim, say, or open the file yourself")
		}
	}
	p := c.quietly(&flags.buildFlags)
	engine, collection, err := p.collection(ctx)
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return p.finish(ctx, err)
	}
	return p.makeNote(ctx, engine, collection, flags, title, editor)
}

func (p *press) makeNote(ctx context.Context, engine *hugo.Engine, collection *pipeline.Collection, flags *newFlags, title, editor string) error {
	post := flags.kind != "page"
	section := path.Clean("/" + filepath.ToSlash(flags.section))[1:]
	if section == "" && post {
		section = "posts"
		if main, _ := collection.Section("mainSections").([]string); len(main) > 0 {
			section = main[0]
		}
	}
	slug := flags.slug
	if slug == "" {
		if slug = note.Slug(title, collection.Languages[0].Code); slug == "" {
			return p.fail(fmt.Sprintf("no file name can be made of the title %q", title), "give it one: --slug name")
		}
	} else if slug != note.Slug(slug, "") {
		return p.fail(fmt.Sprintf("--slug %q is no path element of lower-case letters, digits and hyphens", slug), fmt.Sprintf("such as %q", note.Slug(slug, "")))
	}
	dir := filepath.Join(engine.ContentDir(), filepath.FromSlash(section))
	if taken := note.Taken(dir, slug); taken != "" {
		return p.fail(fmt.Sprintf("%s is there already", p.relative(taken)), fmt.Sprintf("edit it, or give the new one another name: --slug %s", note.Free(dir, slug)))
	}
	name := slug + ".md"
	if flags.kind == "bundle" {
		name = slug + "/index.md"
	}
	kind := cmpOr(flags.archetype, section)
	if kind == "" {
		kind = "page"
	}
	kind, _, _ = strings.Cut(kind, "/")
	files, err := engine.Archetype(ctx, kind, path.Join(section, name))
	if err != nil {
		return p.finish(ctx, &hugo.UsageError{Problem: pipeline.Problem{Rule: "archetype", Message: oneLine(err.Error()), Hint: "mend the archetype"}, Err: err})
	}
	if len(files) == 0 {
		files = []hugo.NewFile{{Path: path.Base(name), Data: note.Default(post)}}
	}
	n := note.Note{Title: title, Description: flags.description}
	if post {
		n.Date = engine.Today()
	}
	if flags.draftGiven {
		n.Draft = &flags.draft
	}
	tags, said := note.Tags(flags.tags, knownTags(collection), collectionSlug(collection), nearTag)
	if len(tags) > 0 {
		n.Tags = tags
	}
	p.summary.Notes = append(p.summary.Notes, said...)
	return p.writeNote(ctx, files, n, flags, filepath.Join(dir, filepath.FromSlash(name)), editor)
}

// writeNote writes the files of a note, the page itself last, and says what
// can be done next.
func (p *press) writeNote(ctx context.Context, files []hugo.NewFile, n note.Note, flags *newFlags, file, editor string) error {
	draft := false
	var text []byte
	for _, f := range files {
		target := filepath.Join(filepath.Dir(file), filepath.FromSlash(f.Path))
		if path.Base(f.Path) != f.Path || f.Path != filepath.Base(file) && len(files) > 1 {
			if err := note.Write(target, f.Data); err != nil {
				return p.machine(err)
			}
			continue
		}
		data, lost, err := note.Fill(f.Data, n, note.Form(flags.form))
		if err != nil {
			return p.fail(oneLine(err.Error()), "mend the archetype")
		}
		for _, key := range lost {
			p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("%q cannot be said with headings, and is lost", key))
		}
		text, draft = data, note.Draft(data)
	}
	if text == nil {
		return p.fail("the archetype is a directory without index.md", "add one to it: it becomes the page")
	}
	if flags.form == string(note.Headings) {
		if draft = flags.draft; draft { // there the name says it
			file = filepath.Join(filepath.Dir(file), "_"+filepath.Base(file))
			if flags.kind == "bundle" {
				return p.fail("a bundle in the form of headings cannot be a draft", "leave out --draft, or use --form toml")
			}
		}
	}
	if err := note.Write(file, text); err != nil {
		if errors.Is(err, note.ErrExists) {
			return p.fail(oneLine(err.Error()), "edit it, or give the new one another name: --slug")
		}
		return p.machine(err)
	}
	rel := p.relative(file)
	if report.Format(p.format) != report.JSON {
		fmt.Fprintln(p.stdout, rel)
	}
	next := self() + " serve"
	if draft {
		next += " --buildDrafts"
	}
	p.summary.Notes = append(p.summary.Notes, "next: "+next)
	p.summary.Destination, p.summary.Outcome, p.summary.Duration = rel, "made "+rel, time.Since(p.start)
	if editor != "" {
		if err := edit(ctx, editor, file); err != nil {
			p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("the editor ended with: %v", err))
		}
	}
	if !p.quiet {
		p.printer().Summary(p.summary)
	}
	return nil
}

func edit(ctx context.Context, editor, file string) error {
	words := strings.Fields(editor)
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], file)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stderr, os.Stderr
	return cmd.Run()
}

// relative is a path as the user would write it.
func (c *cli) relative(name string) string {
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, name); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
	}
	return name
}

// self is how this command was called. What go run compiles has the name of
// its directory.
func self() string {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if name == "tools" {
		return "go run ./tools"
	}
	return name
}

func cmpOr(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func knownTags(c *pipeline.Collection) []note.Tag {
	var known []note.Tag
	for _, t := range c.Tags {
		if t.Language == c.Languages[0].Code {
			known = append(known, note.Tag{Slug: t.Slug, Title: t.Title, Count: t.Count})
		}
	}
	return known
}

// collectionSlug is the identity of a tag. Where tags are no set, each spelling
// is one of its own.
func collectionSlug(c *pipeline.Collection) func(string) string {
	if c.TagSlug != nil {
		return c.TagSlug
	}
	return func(tag string) string { return tag }
}

// nearTag finds a tag that was perhaps meant. Short ones are near too many.
func nearTag(slug string, all []string) string {
	if len([]rune(slug)) < 4 {
		for _, other := range all {
			if other == slug+"s" || slug == other+"s" {
				return other
			}
		}
		return ""
	}
	return pipeline.Nearest(slug, all)
}

// completeTags offers the site's tags for the last one of a list.
func (c *cli) completeTags(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if c.check() != nil {
		return nil, directive
	}
	flags := &buildFlags{}
	flags.add(&cobra.Command{})
	p := c.quietly(flags)
	engine, collection, err := p.collection(cmd.Context())
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return nil, directive
	}
	before := ""
	if i := strings.LastIndexByte(typed, ','); i >= 0 {
		before = typed[:i+1]
	}
	var offers []string
	for _, t := range knownTags(collection) {
		if !slices.Contains(strings.Split(before, ","), t.Title) {
			offers = append(offers, fmt.Sprintf("%s%s\t%d", before, t.Title, t.Count))
		}
	}
	return offers, directive
}
