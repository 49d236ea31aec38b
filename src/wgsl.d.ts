declare module '*.wgsl' {
  const source: string;
  export default source;
}
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
interface ImportMeta {
  glob<T>(
    pattern: string,
    options: { base?: string; eager: true; import: 'default' },
  ): Record<string, T>;
}
