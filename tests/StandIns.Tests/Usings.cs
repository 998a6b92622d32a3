// What every file of the tests uses.
global using Xunit;
