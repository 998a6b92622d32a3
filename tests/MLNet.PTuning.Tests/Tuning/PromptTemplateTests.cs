// Templates are parsed as written, and errors name the template and what is wrong in it.
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Tests.Tuning;

public class PromptTemplateTests
{
    [Fact]
    public void Parts_keep_their_order_words_and_blanks()
    {
        var template = PromptTemplate.Parse("{prompt:3} {text}, it was {mask}.{prompt:2}");
        Assert.Equal([
            new TemplatePart(TemplatePartKind.Prompt, "", 3, false), new TemplatePart(TemplatePartKind.Text, "", 0, true),
            new TemplatePart(TemplatePartKind.Words, ", it was", 0, false), new TemplatePart(TemplatePartKind.Mask, "", 0, true),
            new TemplatePart(TemplatePartKind.Words, ".", 0, false), new TemplatePart(TemplatePartKind.Prompt, "", 2, false)], template.Parts);
        Assert.Equal(5, template.PromptLength);
    }

    [Theory]
    [InlineData("no placeholder", "{text}")]
    [InlineData("{text} {text}", "more than once")]
    [InlineData("{mask} {text} {mask}", "{mask} more than once")]
    [InlineData("{pair} {text}", "before {text}")]
    [InlineData("{text} {word}", "'{word}'")]
    [InlineData("{text} {prompt}", "'{prompt}'")]
    [InlineData("{text:2}", "'{text:2}'")]
    [InlineData("{text} {prompt:0}", "at least 1")]
    [InlineData("{text} {prompt:99999999999}", "at least 1")]
    [InlineData("{text} {", "brace")]
    public void What_is_wrong_in_a_template_is_named(string template, string named)
    {
        var error = Assert.Throws<ArgumentException>(() => PromptTemplate.Parse(template));
        Assert.Contains(template, error.Message);
        Assert.Contains(named, error.Message);
    }
}
