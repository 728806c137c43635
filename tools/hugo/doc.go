// Package hugo drives Hugo as a library. It is the only importer of
// github.com/gohugoio/hugo and of afero.
//
// What enters: a source directory, flags, and what the pipeline asks of its
// engine. What leaves: settings, content files with positions, output files,
// and Hugo's errors and warnings as Problems. It writes no output file itself:
// each goes, whole, to the pipeline as Hugo closes it. It re-implements nothing
// that Hugo does, but it reaches into Hugo at a few seams that have no public
// door; each of those stands in a file of its own (source.go, destination.go,
// markdown.go with toc.go, highlighter.go, filter.go, targets.go, settle.go,
// log.go) and has a canary in seams_test.go, so that an upgrade of Hugo fails by
// the name of the seam. hang.go guards against a build of Hugo that never ends.
//
// Hugo keeps some state for the whole process (its logger, error counts, the
// Markdown provider), so a process builds one site, once.
package hugo
