// Serves tasks over HTTP; with --train, first trains two of them into its folder.
using TaskService;

const string TrainOption = "--train";
await using var app = TaskServiceApp.Create([.. args.Where(argument => argument != TrainOption)]);
if (args.Contains(TrainOption)) Training.Run(app.Services.GetRequiredService<TaskFiles>().Folder);
await app.RunAsync();
