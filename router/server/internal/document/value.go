package document

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// A Value is one value of a document, at its place.
type Value struct {
	document *Document
	node     *yaml.Node
}

// A Field is a key of a map with its value.
type Field struct {
	Name  string
	Key   Value // where the name is
	Value Value
}

// Mistake notes what is wrong with the value. The text must not repeat what it says.
func (v Value) Mistake(format string, args ...any) {
	v.document.note(v.node.Line, v.node.Column, fmt.Sprintf(format, args...))
}

// At is a mistake at the value's place, which is not noted.
func (v Value) At(text string) Mistake {
	return Mistake{v.document.file, v.node.Line, v.node.Column, text}
}

// target is the node itself, or the one that an alias stands for.
func (v Value) target() *yaml.Node {
	node := v.node
	for range maxValues {
		if node.Kind != yaml.AliasNode {
			break
		}
		node = node.Alias
	}
	return node
}

// IsMap reports whether the value is a map.
func (v Value) IsMap() bool { return v.target().Kind == yaml.MappingNode }

// IsList reports whether the value is a list.
func (v Value) IsList() bool { return v.target().Kind == yaml.SequenceNode }

// Text is a single value as the file has it, whatever YAML takes it for. Where it is a map, a list or nothing, that is noted
// and ok is false.
func (v Value) Text() (text string, ok bool) {
	node := v.target()
	switch {
	case node.Kind != yaml.ScalarNode:
		v.Mistake("a single value is needed here, not a list or a map")
	case node.Style&yaml.TaggedStyle != 0:
		v.Mistake("a value that begins with ! is a tag of YAML: " + quote)
	case node.Tag == "!!null" && node.Style == 0:
		v.Mistake("the value is missing: give one, or remove the line; one that begins with # or & needs quotes")
	default:
		return node.Value, true
	}
	return "", false
}

// Items are the values of a list; a single value is a list of one.
func (v Value) Items() []Value {
	node := v.target()
	if node.Kind != yaml.SequenceNode {
		return []Value{v}
	}
	if !v.document.visit(v.node, len(node.Content)) {
		return nil
	}
	items := make([]Value, len(node.Content))
	for i, item := range node.Content {
		items[i] = Value{v.document, item}
	}
	return items
}

// Fields are those of a map, in their order, those that "<<" merges after them. What is no map, or not a plain one, is noted.
func (v Value) Fields() []Field {
	var fields []Field
	v.fields(map[string]bool{}, &fields)
	return fields
}

// fields adds those whose names are not there yet.
func (v Value) fields(there map[string]bool, to *[]Field) {
	node := v.target()
	if node.Kind != yaml.MappingNode {
		v.Mistake("a map is needed here: lines of the form KEY: VALUE")
		return
	}
	if !v.document.visit(v.node, len(node.Content)) {
		return
	}
	own := map[string]*yaml.Node{}
	var merged []Value
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := Value{v.document, node.Content[i]}, Value{v.document, node.Content[i+1]}
		if key.target().Tag == "!!merge" {
			merged = append(merged, value.Items()...)
			continue
		}
		name, ok := key.Text()
		if !ok {
			continue
		}
		if first := own[name]; first != nil {
			key.Mistake("this key is here already, in line %d", first.Line)
			continue
		}
		own[name] = key.node
		if !there[name] {
			there[name] = true
			*to = append(*to, Field{name, key, value})
		}
	}
	for _, m := range merged {
		m.fields(there, to)
	}
}
