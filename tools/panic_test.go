package main

import (
	"bytes"
	"context"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

func panicCollect(context.Context, *pipeline.Collection) error               { panic("planted") }
func panicSite(context.Context, *pipeline.Site) error                        { panic("planted") }
func panicFile(context.Context, *pipeline.File, *pipeline.Problems) error    { panic("planted") }
func panicSource(context.Context, *pipeline.Content, []byte) ([]byte, error) { panic("planted") }

func dropLine(_ context.Context, _ *pipeline.Content, src []byte) ([]byte, error) {
	_, rest, _ := bytes.Cut(src, []byte("\n"))
	return rest, nil
}

type panicking struct{}

func (panicking) Extend(md goldmark.Markdown) {
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(panicking{}, 50)))
}

func (panicking) Transform(*ast.Document, text.Reader, parser.Context) { panic("planted") }
