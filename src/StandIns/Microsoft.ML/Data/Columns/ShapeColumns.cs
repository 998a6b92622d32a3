// Works on the columns of a schema's shape as estimators do when they promise their output.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class ShapeColumns
{
    internal static SchemaShape.Column Find(SchemaShape inputSchema, string name) => inputSchema.TryFindColumn(name, out SchemaShape.Column column)
        ? column
        : throw Contracts.ExceptSchemaMismatch(nameof(inputSchema), "input", name);

    /// <summary>The shape with columns made of its own: one of the same name is replaced where it stands, others are added.</summary>
    internal static SchemaShape With(
        SchemaShape inputSchema,
        IEnumerable<(string outputColumnName, string inputColumnName)> columns,
        Func<string, SchemaShape.Column, SchemaShape.Column> make)
    {
        var result = inputSchema.ToList();
        foreach ((string output, string input) in columns)
        {
            SchemaShape.Column made = make(output, Find(inputSchema, input));
            int index = result.FindIndex(c => c.Name == output);
            if (index < 0)
                result.Add(made);
            else
                result[index] = made;
        }
        return new SchemaShape(result);
    }
}
